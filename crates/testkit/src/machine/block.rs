use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many IPv4 addresses the pool has.
const POOL: u8 = 8;
/// Where somebody else listens on all of these, above the base.
pub const THEIRS: u16 = 22;
/// Where the ports of a world begin. All that are used end below those that the kernel gives.
const BASES: (u16, u16, u16) = (20_000, 100, 40);

/// Addresses of the loopback network and ports that no other world has, whichever process it is in.
#[derive(Debug)]
pub struct Block {
    net: [u8; 2],
    /// What is added to every port: root alone may have those below 1024.
    pub base: u16,
    /// Somebody else's listeners; they keep the addresses for this world, too.
    theirs: Mutex<Vec<TcpListener>>,
    /// Keeps the base for this world.
    lock: Option<UdpSocket>,
}

impl Block {
    /// A block of its own, for as long as the value lives.
    pub fn take() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let process = std::process::id();
        // ::1 is there once only, so the ports on it are another in every world.
        let (first, step, count) = BASES;
        let mine = u16::try_from(process % u32::from(count)).unwrap();
        let mut bases = (0..count).map(|n| first + step * ((mine + n) % count));
        let lock = bases.find_map(|base| UdpSocket::bind((Ipv6Addr::LOCALHOST, base)).ok());
        let base = lock.as_ref().map_or(first, |lock| lock.local_addr().unwrap().port());
        loop {
            let n = process.wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
            let net = [200 + u8::try_from(n / 256 % 50).unwrap(), u8::try_from(n % 256).unwrap()];
            let theirs: Result<Vec<_>, _> =
                (1..=POOL).map(|last| TcpListener::bind((ip(net, last), base + THEIRS))).collect();
            if let Ok(theirs) = theirs {
                return Self { net, base, theirs: Mutex::new(theirs), lock };
            }
        }
    }

    /// The address of this block with this last part; those of the pool begin with 1.
    pub fn ip(&self, last: u8) -> IpAddr {
        ip(self.net, last)
    }

    /// The addresses of the pool.
    pub fn pool(&self) -> impl DoubleEndedIterator<Item = IpAddr> {
        let v6 = self.lock.as_ref().map(|_| IpAddr::from(Ipv6Addr::LOCALHOST));
        (1..=POOL).map(|last| self.ip(last)).chain(v6)
    }

    /// The pool, as it stands in a config.
    pub fn ranges(&self) -> String {
        let all: Vec<_> = self.pool().map(|ip| format!("'{ip}'")).collect();
        format!("[{}]", all.join(", "))
    }

    /// Where somebody else listens.
    pub fn theirs(&self) -> Vec<SocketAddr> {
        let theirs = self.theirs.lock().unwrap();
        theirs.iter().map(|listener| listener.local_addr().unwrap()).collect()
    }

    /// Lets somebody else go.
    pub fn they_leave(&self) {
        self.theirs.lock().unwrap().clear();
    }
}

fn ip([b, c]: [u8; 2], last: u8) -> IpAddr {
    Ipv4Addr::new(127, b, c, last).into()
}
