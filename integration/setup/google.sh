#!/bin/sh
# Puts two clients of Compute Engine, which Google wrote, under target/google/.
exec sh "$(dirname "$0")/venv.sh" google google.cloud.compute_v1,googleapiclient.discovery
