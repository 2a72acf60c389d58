#!/usr/bin/env python3
"""Trims Google's discovery document of Compute Engine to what this fake serves.

    trim.py compute.v1.json > compute.v1.trimmed.json

Methods that are not in SERVED go, and then every schema that nothing left refers to; descriptions go,
too, after what they say of fields that only Google writes has been kept as `outputOnly`.
"""

import json
import sys

SERVED = {
    "addresses": "delete get insert list setLabels",
    "firewalls": "delete get insert list patch update",
    "forwardingRules": "delete get insert list patch setLabels setTarget",
    "globalOperations": "get wait",
    "healthChecks": "delete get insert list patch update",
    "instanceGroups": "addInstances aggregatedList delete get insert list listInstances removeInstances setNamedPorts",
    "instances": "get list",
    "networkEndpointGroups": "aggregatedList attachNetworkEndpoints delete detachNetworkEndpoints get insert list listNetworkEndpoints",
    "networks": "get list",
    "regionBackendServices": "delete get getHealth insert list patch update",
    "regionHealthChecks": "delete get insert list patch update",
    "regionOperations": "get wait",
    "subnetworks": "get list",
    "targetPools": "addInstance delete get insert list removeInstance",
    "zoneOperations": "get wait",
    "zones": "get list",
}
METHOD = ("id", "httpMethod", "flatPath", "parameters", "request", "response")
FIELD = (
    "$ref", "additionalProperties", "default", "enum", "format", "items", "location", "maximum",
    "minimum", "pattern", "properties", "repeated", "required", "type",
)


def node(value):
    kept = {key: value[key] for key in FIELD if key in value}
    if "[output only]" in value.get("description", "").lower() or value.get("readOnly"):
        kept["outputOnly"] = True
    needed = value.get("annotations", {}).get("required")
    if needed:
        kept["requiredBy"] = needed
    for key in ("items", "additionalProperties"):
        if key in kept:
            kept[key] = node(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: node(field) for name, field in kept["properties"].items()}
    return kept


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    methods, schemas = [], {}
    for collection, names in SERVED.items():
        for name in names.split():
            method = document["resources"][collection]["methods"][name]
            kept = {key: method[key] for key in METHOD if key in method}
            kept["parameters"] = {key: node(value) for key, value in method["parameters"].items()}
            methods.append(kept)
    wanted = set(references(methods))
    while wanted:
        name = wanted.pop()
        schemas[name] = node(document["schemas"][name])
        wanted |= set(references(schemas[name])) - schemas.keys()
    trimmed = {
        "name": document["name"],
        "version": document["version"],
        "revision": document["revision"],
        "servicePath": document["servicePath"],
        "parameters": {key: node(value) for key, value in document["parameters"].items()},
    }
    # One method and one schema a line, so that a new revision can be read as a diff.
    lines = [f'"{key}": {json.dumps(value, sort_keys=True)}' for key, value in trimmed.items()]
    listed = ",\n".join(json.dumps(method, sort_keys=True) for method in methods)
    lines.append(f'"methods": [\n{listed}\n]')
    listed = ",\n".join(f'"{name}": {json.dumps(schemas[name], sort_keys=True)}' for name in sorted(schemas))
    lines.append(f'"schemas": {{\n{listed}\n}}')
    print("{\n" + ",\n".join(lines) + "\n}")


main()
