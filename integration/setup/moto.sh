#!/bin/sh
# Puts moto, a mock of AWS, under target/moto/.
exec sh "$(dirname "$0")/venv.sh" moto moto.server,moto.ec2.models,moto.elbv2.models
