package echo

import (
	"net"
	"net/netip"
	"net/url"
	"testing"
	"time"
)

func TestTheLineTellsWhichNodeTookTheRequest(t *testing.T) {
	identity := Identity{Pod: "web", Node: "node-5", NodeAt: func(ip netip.Addr) (string, bool) {
		return "node-3", ip == netip.MustParseAddr("198.18.0.13")
	}}
	for peer, want := range map[string]string{
		// An IPv6 socket wraps the addresses of IPv4.
		"[::ffff:198.18.0.13]:4711": "via=node-3 pod=web on=node-5 client=198.18.0.13:4711\n",
		"198.18.12.7:4711":          "via=node-5 pod=web on=node-5 client=198.18.12.7:4711\n",
	} {
		at := netip.MustParseAddrPort(peer)
		if got := identity.line(net.TCPAddrFromAddrPort(at)); got != want {
			t.Errorf("%s: %q and not %q", peer, got, want)
		}
	}
}

func TestWishesAreBoundedAndNonsenseIsNamed(t *testing.T) {
	wanted, err := parse(url.Values{"delay": {"99999999999"}, "bytes": {"10"}})
	if err != nil || wanted.delay != 10*time.Minute || wanted.bytes != 10 {
		t.Errorf("%v, %v", wanted, err)
	}
	if _, err := parse(url.Values{"bytes": {"-1"}}); err == nil ||
		err.Error() != "bytes=-1 is not a whole number" {
		t.Errorf("%v", err)
	}
}
