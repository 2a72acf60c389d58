"""The story by google-cloud-compute, over REST: `cloud_client.py ENDPOINT`."""

import json
import sys

from google.api_core.exceptions import GoogleAPICallError
from google.api_core.future.polling import DEFAULT_POLLING
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1
from google.protobuf.json_format import MessageToDict

from story import Failed, Refused, Story

GLOBAL = {"firewalls"}
ZONAL = {"instanceGroups"}
# What a kind's client and requests are called, and the thing itself.
NAMES = {
    "addresses": ("Addresses", "Address", "Address"),
    "firewalls": ("Firewalls", "Firewall", "Firewall"),
    "forwardingRules": ("ForwardingRules", "ForwardingRule", "ForwardingRule"),
    "instanceGroups": ("InstanceGroups", "InstanceGroup", "InstanceGroup"),
    "regionBackendServices": ("RegionBackendServices", "RegionBackendService", "BackendService"),
    "regionHealthChecks": ("RegionHealthChecks", "RegionHealthCheck", "HealthCheck"),
    "subnetworks": ("Subnetworks", "Subnetwork", "Subnetwork"),
}
# The bodies of what is neither insert, patch nor update.
BODIES = {
    "addInstances": "InstanceGroupsAddInstancesRequest",
    "removeInstances": "InstanceGroupsRemoveInstancesRequest",
    "getHealth": "ResourceGroupReference",
    "setLabels": "RegionSetLabelsRequest",
}


def snake(word: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in word).lstrip("_")


def message(name: str, body: dict):
    return getattr(compute_v1, name).from_json(json.dumps(body))


def shown(thing) -> dict:
    return MessageToDict(type(thing).pb(thing))


def refusing(ask):
    try:
        return ask()
    except GoogleAPICallError as why:
        reason = why.errors[0]["reason"] if why.errors else ""
        raise Refused(int(why.code), reason, why.message) from why


class Door:
    def __init__(self, endpoint: str) -> None:
        self.host = endpoint.removeprefix("http://")
        self.clients = {}

    def client(self, name: str):
        if name not in self.clients:
            kind = getattr(compute_v1, f"{name}Client")
            transport = kind.get_transport_class("rest")(
                host=self.host, credentials=AnonymousCredentials(), url_scheme="http"
            )
            if not name.endswith("Operations"):
                # It waits by a client of its own, which would ask Google.
                waiting = {"region_operations": self.client("RegionOperations")}
                transport._extended_operations_services.update(waiting)
            self.clients[name] = kind(transport=transport)
        return self.clients[name]

    def place(self, kind: str, zone) -> dict:
        if kind in GLOBAL:
            return {"project": "seaway"}
        if kind in ZONAL:
            return {"project": "seaway", "zone": zone}
        return {"project": "seaway", "region": "europe-west1"}

    def named(self, kind: str, name: str, zone) -> dict:
        return {**self.place(kind, zone), snake(NAMES[kind][2]): name}

    def ask(self, kind: str, verb: str, fields: dict, one: bool = True):
        """Calls the method, by what its request is called."""
        client, thing, _ = NAMES[kind]
        things = thing if one else client
        request = getattr(compute_v1, f"{verb[0].upper()}{verb[1:]}{things}Request")(**fields)
        client = self.client(client)
        method = getattr(client, f"{snake(verb)}_unary", None) or getattr(client, snake(verb))
        return refusing(lambda: method(request=request))

    def with_body(self, kind: str, body: dict) -> dict:
        name = NAMES[kind][2]
        return {f"{snake(name)}_resource": message(name, body)}

    def insertion(self, kind: str, body: dict, zone, request) -> dict:
        more = {} if request is None else {"request_id": request}
        return {**self.place(kind, zone), **self.with_body(kind, body), **more}

    def insert(self, kind: str, body: dict, zone=None, request=None) -> dict:
        return shown(self.ask(kind, "insert", self.insertion(kind, body, zone, request)))

    def insert_and_wait(self, kind: str, body: dict) -> None:
        client, thing, _ = NAMES[kind]
        fields = self.insertion(kind, body, None, None)
        request = getattr(compute_v1, f"Insert{thing}Request")(**fields)
        operation = refusing(lambda: self.client(client).insert(request=request))
        often = DEFAULT_POLLING.with_delay(initial=0.01, maximum=0.05).with_timeout(60)
        try:
            operation.result(polling=often)
        except GoogleAPICallError as why:
            raise Failed(operation.error_code, str(why), operation.error_code) from why

    def get(self, kind: str, name: str, zone=None) -> dict:
        return shown(self.ask(kind, "get", self.named(kind, name, zone)))

    def delete(self, kind: str, name: str, zone=None) -> dict:
        return shown(self.ask(kind, "delete", self.named(kind, name, zone)))

    def patch(self, kind: str, name: str, body: dict) -> dict:
        fields = {**self.named(kind, name, None), **self.with_body(kind, body)}
        return shown(self.ask(kind, "patch", fields))

    def update(self, kind: str, name: str, body: dict) -> dict:
        fields = {**self.named(kind, name, None), **self.with_body(kind, body)}
        return shown(self.ask(kind, "update", fields))

    def call(self, kind: str, verb: str, name: str, body: dict, zone=None) -> dict:
        fields = self.named(kind, name, zone)
        if verb == "setLabels":
            fields = {**self.place(kind, zone), "resource": name}
        body_name = BODIES[verb]
        fields[f"{snake(body_name)}_resource"] = message(body_name, body)
        return shown(self.ask(kind, verb, fields))

    def members(self, group: str, zone: str) -> list:
        name = "InstanceGroupsListInstancesRequest"
        fields = self.named("instanceGroups", group, zone)
        fields[f"{snake(name)}_resource"] = message(name, {"instanceState": "ALL"})
        pager = self.ask("instanceGroups", "listInstances", fields, one=False)
        return [shown(item) for item in pager]

    def list(self, kind: str, filter=None, size=None) -> tuple:
        asked = {"filter": filter, "max_results": size}
        asked = {name: value for name, value in asked.items() if value is not None}
        pager = self.ask(kind, "list", {**self.place(kind, None), **asked}, one=False)
        pages = refusing(lambda: list(pager.pages))
        return [shown(item) for page in pages for item in page.items], len(pages)

    def aggregated(self, kind: str) -> dict:
        pager = self.ask(kind, "aggregatedList", {"project": "seaway"}, one=False)
        return {place: shown(scoped).get(kind, []) for place, scoped in pager}

    def operation(self, operation: dict, method: str = "get") -> dict:
        fields = {"project": "seaway", "operation": operation["name"]}
        place = next((it for it in ("region", "zone") if it in operation), "global")
        if place != "global":
            fields[place] = operation[place].rsplit("/", 1)[1]
        client = f"{place.capitalize()}Operations"
        name = f"{method.capitalize()}{client.removesuffix('s')}Request"
        request = getattr(compute_v1, name)(**fields)
        return shown(refusing(lambda: getattr(self.client(client), method)(request=request)))

    def wait(self, operation: dict) -> dict:
        return self.operation(operation, "wait")


Story(Door(sys.argv[1])).tell()
