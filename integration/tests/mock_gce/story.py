"""All that a load balancer needs of Compute Engine, asked through a door: a client of Google's.

A door has insert, delete, get, patch, update, call, list, aggregated and wait; things are dicts, as
in Google's documentation. What only the fake can be told goes to whoever has started this, a line
each: `knob` returns when it is done.
"""

import sys

REGION = "projects/seaway/regions/europe-west1"
ZONES = ["europe-west1-b", "europe-west1-c", "europe-west1-d"]
REQUEST = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


class Refused(Exception):
    """A call that was answered with an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message


class Failed(Exception):
    """An operation that has ended with an error."""

    def __init__(self, code: str, message: str, status) -> None:
        super().__init__(f"{code} {status}: {message}")
        self.code, self.message, self.status = code, message, status


def end(operation: dict) -> dict:
    """What has ended, or its failure."""
    assert operation["status"] == "DONE", operation
    assert operation["progress"] == 100, operation
    errors = operation.get("error", {}).get("errors")
    if errors:
        status = operation.get("httpErrorStatusCode")
        raise Failed(errors[0]["code"], errors[0]["message"], status)
    return operation


def knob(*words: str) -> None:
    print(*words, flush=True)
    assert sys.stdin.readline() == "done\n", words


class Story:
    def __init__(self, door) -> None:
        self.door = door

    def make(self, kind: str, body: dict, zone=None, request=None) -> dict:
        """Makes a thing, and returns it as it is then."""
        self.done(self.door.insert(kind, body, zone=zone, request=request))
        return self.door.get(kind, body["name"], zone=zone)

    def done(self, operation: dict) -> dict:
        return end(self.door.wait(operation))

    def refused(self, status: int, reason: str, ask, *parts: str) -> None:
        try:
            told = ask()
        except Refused as why:
            assert (why.status, why.reason) == (status, reason), why
            for part in parts:
                assert part in why.message, why
            return
        raise AssertionError(f"{status} {reason} was expected, and not {told}")

    def fails(self, code: str, status, operation: dict, *parts: str) -> None:
        try:
            told = self.done(operation)
        except Failed as why:
            assert (why.code, why.status) == (code, status), why
            for part in parts:
                assert part in why.message, why
            return
        raise AssertionError(f"{code} was expected, and not {told}")

    def tell(self) -> None:
        self.places()
        self.groups()
        self.operations()
        self.backend_service()
        self.forwarding_rules()
        self.addresses()
        self.firewalls()
        self.replays()
        self.failures()
        self.lists()
        self.in_use()
        self.nothing_is_left()

    def places(self) -> None:
        subnet = self.door.get("subnetworks", "default")
        assert subnet["ipCidrRange"] == "10.0.0.0/20", subnet
        assert subnet["stackType"] == "IPV4_IPV6", subnet
        assert len(self.door.list("subnetworks")[0]) == 3
        missing = f"{REGION}/forwardingRules/web"
        web = lambda: self.door.get("forwardingRules", "web")
        self.refused(404, "notFound", web, missing)
        assert self.door.list("forwardingRules") == ([], 1)

    def groups(self) -> None:
        for number, zone in enumerate(ZONES, 1):
            made = self.make("instanceGroups", {"name": "nodes", "description": "ours"}, zone=zone)
            assert (made["size"], made["description"]) == (0, "ours"), made
            assert made["zone"].endswith(f"/zones/{zone}"), made
            self.done(self.join(zone, number))
            again = lambda: self.join(zone, number)
            self.refused(400, "memberAlreadyExists", again, f"node-{number}")
            assert self.members(zone) == [f"node-{number}"]
            group = self.door.get("instanceGroups", "nodes", zone=zone)
            assert group["size"] == 1, group
            assert group["subnetwork"].endswith(f"{REGION}/subnetworks/default"), group
        self.done(self.leave(ZONES[2], 3))
        assert self.members(ZONES[2]) == []
        self.refused(400, "invalid", lambda: self.leave(ZONES[2], 3), "node-3")
        self.done(self.join(ZONES[2], 3))

    def join(self, zone: str, number: int) -> dict:
        body = {"instances": [{"instance": instance(zone, number)}]}
        return self.door.call("instanceGroups", "addInstances", "nodes", body, zone=zone)

    def leave(self, zone: str, number: int) -> dict:
        body = {"instances": [{"instance": instance(zone, number)}]}
        return self.door.call("instanceGroups", "removeInstances", "nodes", body, zone=zone)

    def members(self, zone: str) -> list:
        items = self.door.members("nodes", zone)
        return [item["instance"].rsplit("/", 1)[1] for item in items]

    def operations(self) -> None:
        knob("looks", "3")
        check = {
            "name": "nodes",
            "type": "HTTP",
            "httpHealthCheck": {"port": 10256, "requestPath": "/healthz"},
        }
        operation = self.door.insert("regionHealthChecks", check)
        assert operation["status"] == "RUNNING", operation
        assert operation["operationType"] == "insert", operation
        assert operation["targetLink"].endswith(f"{REGION}/healthChecks/nodes"), operation
        check_is = lambda: self.door.get("regionHealthChecks", "nodes")
        self.refused(404, "notFound", check_is)
        again = lambda: self.door.insert("regionHealthChecks", check)
        self.refused(409, "alreadyExists", again)
        assert self.door.wait(operation)["status"] == "RUNNING"
        assert self.door.operation(operation)["status"] == "RUNNING"
        self.refused(404, "notFound", check_is)
        self.done(operation)
        made = check_is()
        assert (made["checkIntervalSec"], made["timeoutSec"]) == (5, 5), made
        assert made["id"] == operation["targetId"], made
        self.refused(409, "alreadyExists", again, "already exists")
        knob("time")
        patch = {"checkIntervalSec": 8, "timeoutSec": 1}
        self.done(self.door.patch("regionHealthChecks", "nodes", patch))
        assert check_is()["checkIntervalSec"] == 8
        assert check_is()["httpHealthCheck"]["port"] == 10256

    def backend_service(self) -> None:
        groups = [f"projects/seaway/zones/{zone}/instanceGroups/nodes" for zone in ZONES]
        body = {
            "name": "web",
            "loadBalancingScheme": "EXTERNAL",
            "protocol": "TCP",
            "connectionDraining": {"drainingTimeoutSec": 30},
            "healthChecks": [f"{REGION}/healthChecks/nodes"],
            "backends": [{"group": group, "balancingMode": "CONNECTION"} for group in groups],
        }
        made = self.make("regionBackendServices", body)
        assert made["sessionAffinity"] == "NONE", made
        assert made["healthChecks"][0].startswith("https://"), made
        assert [it["group"].split("/v1/")[1] for it in made["backends"]] == groups, made
        missing = {**body, "name": "other", "healthChecks": [f"{REGION}/healthChecks/other"]}
        # A reference to nothing.
        try:
            self.door.insert("regionBackendServices", missing)
            raise AssertionError("a health check that is not there was taken")
        except Refused as why:
            assert why.status in (400, 404) and "healthChecks/other" in why.message, why

        # Whoever has read it before another change must read it again.
        stale = made["fingerprint"]
        change = {**body, "sessionAffinity": "CLIENT_IP", "fingerprint": stale}
        self.done(self.door.update("regionBackendServices", "web", change))
        now = self.door.get("regionBackendServices", "web")
        assert now["sessionAffinity"] == "CLIENT_IP", now
        assert now["fingerprint"] != stale, now
        back = {**body, "sessionAffinity": "NONE", "fingerprint": stale}
        update = lambda: self.door.update("regionBackendServices", "web", back)
        self.refused(412, "conditionNotMet", update)
        patch = {"sessionAffinity": "NONE", "fingerprint": stale}
        again = lambda: self.door.patch("regionBackendServices", "web", patch)
        self.refused(412, "conditionNotMet", again)
        # All of it is sent back, with what only Google writes.
        now["sessionAffinity"] = "NONE"
        now["backends"] = now["backends"][:2]
        self.done(self.door.update("regionBackendServices", "web", now))
        now = self.door.get("regionBackendServices", "web")
        assert (len(now["backends"]), now["sessionAffinity"]) == (2, "NONE"), now
        patch = {"backends": body["backends"], "fingerprint": now["fingerprint"]}
        self.done(self.door.patch("regionBackendServices", "web", patch))
        now = self.door.get("regionBackendServices", "web")
        assert len(now["backends"]) == 3, now
        assert now["connectionDraining"] == {"drainingTimeoutSec": 30}, now

        assert self.health(ZONES[0]) == {"node-1": "HEALTHY"}
        knob("unhealthy", "node-1")
        assert self.health(ZONES[0]) == {"node-1": "UNHEALTHY"}
        assert self.health(ZONES[1]) == {"node-2": "HEALTHY"}

    def health(self, zone: str) -> dict:
        group = {"group": f"projects/seaway/zones/{zone}/instanceGroups/nodes"}
        told = self.door.call("regionBackendServices", "getHealth", "web", group)
        return {it["instance"].rsplit("/", 1)[1]: it["healthState"] for it in told["healthStatus"]}

    def rule(self, name: str, *ports: int) -> dict:
        return {
            "name": name,
            "loadBalancingScheme": "EXTERNAL",
            "IPProtocol": "TCP",
            "ports": [str(port) for port in ports],
            "backendService": f"{REGION}/backendServices/web",
        }

    def forwarding_rules(self) -> None:
        made = self.make("forwardingRules", self.rule("web", 80, 443))
        assert made["ports"] == ["80", "443"] and made["IPProtocol"] == "TCP", made
        assert made["networkTier"] == "PREMIUM", made
        assert made["IPAddress"].count(".") == 3, made
        self.address = made["IPAddress"]
        six = self.rule("six", 1, 2, 3, 4, 5, 6)
        self.refused(400, "invalid", lambda: self.door.insert("forwardingRules", six), "ports")
        labels = {"labels": {"a": "b"}, "labelFingerprint": made["labelFingerprint"]}
        self.done(self.door.call("forwardingRules", "setLabels", "web", labels))
        assert self.door.get("forwardingRules", "web")["labels"] == {"a": "b"}

    def addresses(self) -> None:
        # The address is the rule's own, and is reserved while it serves.
        made = self.make("addresses", {"name": "web", "address": self.address})
        assert (made["address"], made["status"]) == (self.address, "IN_USE"), made
        assert [user.rsplit("/", 1)[1] for user in made["users"]] == ["web"], made
        second = {**self.rule("web-2", 8080), "IPAddress": self.address}
        assert self.make("forwardingRules", second)["IPAddress"] == self.address
        users = self.door.get("addresses", "web")["users"]
        assert sorted(user.rsplit("/", 1)[1] for user in users) == ["web", "web-2"], users
        third = {**self.rule("web-3", 443), "IPAddress": self.address}
        insert = lambda: self.done(self.door.insert("forwardingRules", third))
        self.refused(400, "invalid", insert, "conflict")
        inside = {
            "name": "inside",
            "addressType": "INTERNAL",
            "purpose": "SHARED_LOADBALANCER_VIP",
            "subnetwork": f"{REGION}/subnetworks/default",
        }
        made = self.make("addresses", inside)
        assert made["address"].startswith("10.0."), made
        assert made["status"] == "RESERVED", made
        self.done(self.door.delete("addresses", "inside"))

    def firewalls(self) -> None:
        body = {
            "name": "web",
            "network": "projects/seaway/global/networks/default",
            "sourceRanges": ["192.0.2.0/24", "198.51.100.0/24"],
            "destinationRanges": [self.address],
            "allowed": [{"IPProtocol": "tcp", "ports": ["80", "443"]}],
        }
        made = self.make("firewalls", body)
        assert (made["priority"], made["direction"]) == (1000, "INGRESS"), made
        assert made["destinationRanges"] == [self.address], made
        patch = {"sourceRanges": ["203.0.113.0/24"]}
        self.done(self.door.patch("firewalls", "web", patch))
        now = self.door.get("firewalls", "web")
        assert now["sourceRanges"] == ["203.0.113.0/24"], now
        assert now["allowed"] == body["allowed"], now
        # What is not said is not kept.
        change = {**body, "targetTags": ["node"]}
        self.done(self.door.update("firewalls", "web", change))
        assert self.door.get("firewalls", "web")["targetTags"] == ["node"]
        self.done(self.door.update("firewalls", "web", body))
        assert "targetTags" not in self.door.get("firewalls", "web")
        wrong = {**body, "name": "wrong", "sourceRanges": ["192.0.2.0/33"]}
        self.refused(400, "invalid", lambda: self.door.insert("firewalls", wrong), "192.0.2.0/33")

    def replays(self) -> None:
        rule = {**self.rule("again", 90)}
        first = self.door.insert("forwardingRules", rule, request=REQUEST)
        self.done(first)
        again = self.door.insert("forwardingRules", rule, request=REQUEST)
        assert again["name"] == first["name"], (first, again)
        self.done(again)
        other = lambda: self.door.insert("forwardingRules", rule)
        self.refused(409, "alreadyExists", other)
        self.done(self.door.delete("forwardingRules", "again"))

    def failures(self) -> None:
        rule = self.rule("late", 91)
        gone = lambda: self.door.get("forwardingRules", "late")
        for way, status in [("fail", 403), ("fail-without-status", None)]:
            knob(way)
            operation = self.door.insert("forwardingRules", rule)
            self.fails("QUOTA_EXCEEDED", status, operation, "FORWARDING_RULES")
            self.refused(404, "notFound", gone)
        # As the client itself waits.
        knob("fail")
        try:
            self.door.insert_and_wait("forwardingRules", rule)
            raise AssertionError("the client takes a failed operation for a success")
        except Failed as why:
            assert "QUOTA_EXCEEDED" in f"{why.code} {why.message}", why
        self.refused(404, "notFound", gone)
        self.door.insert_and_wait("forwardingRules", rule)
        assert gone()["ports"] == ["91"]
        self.done(self.door.delete("forwardingRules", "late"))
        knob("refuse")
        self.refused(403, "forbidden", lambda: self.door.delete("firewalls", "web"), "compute.")

    def lists(self) -> None:
        names = [f"many-{number}" for number in range(5)]
        for name in names:
            self.make("addresses", {"name": name})
        all_of_them, pages = self.door.list("addresses", size=2)
        assert [it["name"] for it in all_of_them] == [*names, "web"], all_of_them
        assert pages == 3, pages
        for filter, expected in [
            ("name eq many-.*", names),
            ('name = "many-3"', ["many-3"]),
            ("name ne many-.*", ["web"]),
        ]:
            items, _ = self.door.list("addresses", filter=filter)
            assert [it["name"] for it in items] == expected, (filter, items)
        wrong = lambda: self.door.list("addresses", filter="name like many")
        self.refused(400, "invalid", wrong, "filter")
        places = self.door.aggregated("instanceGroups")
        filled = {place for place, things in places.items() if things}
        assert filled == {f"zones/{zone}" for zone in ZONES}, places
        for place in filled:
            assert [it["name"] for it in places[place]] == ["nodes"], places
        for name in names:
            self.done(self.door.delete("addresses", name))

    def in_use(self) -> None:
        things = [
            ("regionBackendServices", "web", None),
            ("regionHealthChecks", "nodes", None),
            ("instanceGroups", "nodes", ZONES[0]),
        ]
        for kind, name, zone in things:
            delete = lambda: self.door.delete(kind, name, zone=zone)
            knob("in-use", "operation")
            code = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
            self.fails(code, 400, delete(), "already being used by")
            knob("in-use", "bad-request")
            reason = "resourceInUseByAnotherResource"
            self.refused(400, reason, delete, "already being used by")
            knob("in-use", "precondition")
            self.refused(412, "conditionNotMet", delete, "being used by")
            self.door.get(kind, name, zone=zone)

    def nothing_is_left(self) -> None:
        delete = lambda kind, name, zone=None: self.done(self.door.delete(kind, name, zone=zone))
        delete("forwardingRules", "web-2")
        # The address is reserved without a user, and then goes.
        delete("forwardingRules", "web")
        assert self.door.get("addresses", "web")["status"] == "RESERVED"
        delete("addresses", "web")
        delete("firewalls", "web")
        delete("regionBackendServices", "web")
        delete("regionHealthChecks", "nodes")
        for zone in ZONES:
            delete("instanceGroups", "nodes", zone)
        again = lambda: self.door.delete("forwardingRules", "web")
        self.refused(404, "notFound", again, "was not found")
        kinds = ["addresses", "firewalls", "forwardingRules"]
        for kind in [*kinds, "regionBackendServices", "regionHealthChecks"]:
            assert self.door.list(kind) == ([], 1), kind
        assert not any(self.door.aggregated("instanceGroups").values())


def instance(zone: str, number: int) -> str:
    return f"projects/seaway/zones/{zone}/instances/node-{number}"
