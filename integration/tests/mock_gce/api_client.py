"""The story by google-api-python-client: `api_client.py ENDPOINT`."""

import json
import sys

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from story import Refused, Story, end

GLOBAL = {"firewalls"}
ZONAL = {"instanceGroups"}
# The parameter that has the name of a thing.
NAMES = {
    "addresses": "address",
    "firewalls": "firewall",
    "forwardingRules": "forwardingRule",
    "instanceGroups": "instanceGroup",
    "regionBackendServices": "backendService",
    "regionHealthChecks": "healthCheck",
    "subnetworks": "subnetwork",
}


def ask(request):
    try:
        return request.execute()
    except HttpError as why:
        error = json.loads(why.content)["error"]
        assert error["code"] == why.resp.status, error
        raise Refused(error["code"], error["errors"][0]["reason"], error["message"]) from why


class Door:
    def __init__(self, endpoint: str) -> None:
        options = ClientOptions(api_endpoint=f"{endpoint}/compute/v1/")
        self.compute = build(
            "compute",
            "v1",
            static_discovery=True,
            credentials=AnonymousCredentials(),
            client_options=options,
        )

    def of(self, kind: str):
        return getattr(self.compute, kind)()

    def place(self, kind: str, zone) -> dict:
        if kind in GLOBAL:
            return {"project": "seaway"}
        if kind in ZONAL:
            return {"project": "seaway", "zone": zone}
        return {"project": "seaway", "region": "europe-west1"}

    def named(self, kind: str, name: str, zone) -> dict:
        parameter = NAMES[kind]
        if kind in ("forwardingRules", "regionBackendServices") and zone is resource:
            parameter = "resource"
        zone = None if zone is resource else zone
        return {**self.place(kind, zone), parameter: name}

    def insert(self, kind: str, body: dict, zone=None, request=None) -> dict:
        return ask(self.of(kind).insert(**self.place(kind, zone), body=body, requestId=request))

    def insert_and_wait(self, kind: str, body: dict) -> None:
        # This client leaves the waiting to who uses it.
        end(self.wait(self.insert(kind, body)))

    def get(self, kind: str, name: str, zone=None) -> dict:
        return ask(self.of(kind).get(**self.named(kind, name, zone)))

    def delete(self, kind: str, name: str, zone=None) -> dict:
        return ask(self.of(kind).delete(**self.named(kind, name, zone)))

    def patch(self, kind: str, name: str, body: dict) -> dict:
        return ask(self.of(kind).patch(**self.named(kind, name, None), body=body))

    def update(self, kind: str, name: str, body: dict) -> dict:
        return ask(self.of(kind).update(**self.named(kind, name, None), body=body))

    def call(self, kind: str, verb: str, name: str, body: dict, zone=None) -> dict:
        named = self.named(kind, name, resource if verb == "setLabels" else zone)
        return ask(getattr(self.of(kind), verb)(**named, body=body))

    def members(self, group: str, zone: str) -> list:
        named = self.named("instanceGroups", group, zone)
        told = ask(self.of("instanceGroups").listInstances(**named, body={"instanceState": "ALL"}))
        return told.get("items", [])

    def list(self, kind: str, filter=None, size=None) -> tuple:
        things = self.of(kind)
        request = things.list(**self.place(kind, None), filter=filter, maxResults=size)
        items, pages = [], 0
        while request is not None:
            answer = ask(request)
            items += answer.get("items", [])
            pages += 1
            request = things.list_next(request, answer)
        return items, pages

    def aggregated(self, kind: str) -> dict:
        answer = ask(self.of(kind).aggregatedList(project="seaway"))
        return {place: scoped.get(kind, []) for place, scoped in answer["items"].items()}

    def operation(self, operation: dict, method: str = "get") -> dict:
        named = {"project": "seaway", "operation": operation["name"]}
        for place in ("region", "zone"):
            if place in operation:
                named[place] = operation[place].rsplit("/", 1)[1]
                return ask(getattr(self.of(f"{place}Operations"), method)(**named))
        return ask(getattr(self.of("globalOperations"), method)(**named))

    def wait(self, operation: dict) -> dict:
        return self.operation(operation, "wait")


# Where the name of a thing is called "resource".
resource = object()

Story(Door(sys.argv[1])).tell()
