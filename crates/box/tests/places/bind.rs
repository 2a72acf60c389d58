use std::net::{SocketAddr, TcpListener, TcpStream};

use seaway_box::places::{Door, Obstacle, is_local, try_listen};
use seaway_core::Protocol;
use seaway_testkit::namespace::{alone, ip, powerless, sysctl};

fn check(address: &str, expected: fn(Door) -> Result<(), Obstacle>) {
    let address: SocketAddr = address.parse().unwrap();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        assert_eq!(try_listen(address, protocol), expected(Door { address, protocol }));
    }
    let local = expected(Door { address, protocol: Protocol::Tcp }).is_ok();
    assert_eq!(is_local(address.ip()), Ok(local), "{address}");
}

const NOT_LOCAL: fn(Door) -> Result<(), Obstacle> = |door| Err(Obstacle::NotLocal(door));
const FREE: fn(Door) -> Result<(), Obstacle> = |_| Ok(());

#[test]
fn an_address_is_local_once_an_interface_has_it() {
    alone("bind::an_address_is_local_once_an_interface_has_it", async || {
        check("192.0.2.7:80", NOT_LOCAL);
        check("[2001:db8::7]:80", NOT_LOCAL);
        ip("address add 192.0.2.7/32 dev lo");
        ip("address add 2001:db8::7/128 dev lo nodad");
        check("192.0.2.7:80", FREE);
        check("[2001:db8::7]:80", FREE);
    });
}

#[test]
fn the_kernel_parameter_makes_every_address_local() {
    alone("bind::the_kernel_parameter_makes_every_address_local", async || {
        sysctl("net/ipv4/ip_nonlocal_bind", "1");
        check("192.0.2.7:80", FREE);
        check("[2001:db8::7]:80", NOT_LOCAL);
        sysctl("net/ipv6/ip_nonlocal_bind", "1");
        check("[2001:db8::7]:80", FREE);
    });
}

#[test]
fn a_local_route_makes_a_whole_range_local() {
    alone("bind::a_local_route_makes_a_whole_range_local", async || {
        ip("route add local 192.0.2.0/24 dev lo");
        check("192.0.2.7:80", FREE);
        check("198.51.100.7:80", NOT_LOCAL);
    });
}

#[test]
fn an_address_that_is_still_tentative_is_not_local() {
    alone("bind::an_address_that_is_still_tentative_is_not_local", async || {
        ip("link add left type veth peer name right");
        // Without its peer, the link has no carrier, so that nothing is asked on it.
        ip("link set left up");
        ip("address add 2001:db8::7/128 dev left");
        check("[2001:db8::7]:80", NOT_LOCAL);
    });
}

#[test]
fn a_port_below_the_first_free_one_is_denied() {
    powerless("bind::a_port_below_the_first_free_one_is_denied", async || {
        let address: SocketAddr = "127.0.0.1:80".parse().unwrap();
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let denied = Obstacle::Denied(Door { address, protocol });
            assert_eq!(try_listen(address, protocol), Err(denied));
        }
        check("127.0.0.1:8080", FREE);
    });
}

#[test]
fn a_trial_leaves_the_port_free_and_clients_alone() {
    alone("bind::a_trial_leaves_the_port_free_and_clients_alone", async || {
        for _ in 0..3 {
            check("127.0.0.1:8080", FREE);
        }
        let error = TcpStream::connect("127.0.0.1:8080").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn connections_that_linger_are_in_nobodys_way() {
    alone("bind::connections_that_linger_are_in_nobodys_way", async || {
        let listener = TcpListener::bind("127.0.0.1:8080").unwrap();
        let client = TcpStream::connect("127.0.0.1:8080").unwrap();
        let (served, _) = listener.accept().unwrap();
        // Who closes first keeps the port for a minute, in TIME-WAIT.
        drop((served, client, listener));
        check("127.0.0.1:8080", FREE);
    });
}
