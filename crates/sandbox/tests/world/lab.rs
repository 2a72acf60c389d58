//! A server, a world on it, and what a user does to both.

use k8s_openapi::api::core::v1::{Pod, Service};
use kube::{
    Api, Client, Config, Resource,
    api::{Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use seaway_sandbox::{
    Server,
    world::{Options, World, example},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    fmt::Debug,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) client: Client,
    pub(crate) server: Server,
}

impl Lab {
    /// Three nodes and no pods, with times that suit a test.
    pub(crate) fn options() -> Options {
        Options { nodes: 3, propagation: Duration::from_millis(300), ..Options::default() }
    }

    pub(crate) async fn start(options: Options) -> Self {
        let (server, client) = server().await;
        let world = World::start(client.clone(), options).await.unwrap();
        Self { world, client, server }
    }

    /// Three nodes, a pod on each, and the example's Service, all at work.
    pub(crate) async fn with_example(options: Options) -> Self {
        let lab = Self::start(Options { pods: 3, ..options }).await;
        lab.create(&example::service()).await;
        lab.until_endpoints("tomcat-service", 3).await;
        for machine in lab.world.machines() {
            let address = machine.address;
            until("the NodePort is open", async || {
                get(address, example::NODE_PORT, "/").await.ok()
            })
            .await;
        }
        lab
    }

    pub(crate) fn node(&self, name: &str) -> Ipv4Addr {
        self.world.address(name).unwrap()
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::default_namespaced(self.client.clone())
    }

    pub(crate) async fn create<K>(&self, object: &K) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + DeserializeOwned
            + Serialize,
    {
        self.api::<K>().create(&PostParams::default(), object).await.unwrap()
    }

    pub(crate) async fn create_pod(&self, name: &str, node: &str, ports: Value) {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": name, "labels": { "app": name } },
            "spec": {
                "nodeName": node,
                "containers": [{ "name": "echo", "image": "echo:1", "ports": ports }],
            },
        }))
        .unwrap();
        self.create(&pod).await;
    }

    pub(crate) async fn create_service(&self, name: &str, spec: Value) -> Service {
        let mut service: Service =
            serde_json::from_value(json!({ "metadata": { "name": name }, "spec": spec })).unwrap();
        let selector = [("app".to_owned(), name.to_owned())];
        service.spec.as_mut().unwrap().selector = Some(selector.into());
        self.create(&service).await
    }

    pub(crate) async fn annotate_pod(&self, name: &str, key: &str, value: Option<&str>) {
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { key: value } } }));
        self.api::<Pod>().patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Waits until the slices of a Service name so many ready endpoints.
    pub(crate) async fn until_endpoints(&self, service: &str, count: usize) {
        use k8s_openapi::api::discovery::v1::EndpointSlice;
        let selector = format!("kubernetes.io/service-name={service}");
        let params = kube::api::ListParams::default().labels(&selector);
        until(&format!("{service} has {count} endpoints"), async || {
            let slices = self.api::<EndpointSlice>().list(&params).await.unwrap();
            let ready = (slices.items.iter())
                .flat_map(|slice| slice.endpoints.iter().flatten())
                .filter(|e| e.conditions.as_ref().and_then(|c| c.ready) == Some(true))
                .count();
            (ready == count).then_some(())
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        self.world.stop().await;
        self.server.stop().await;
    }
}

/// Tries again until there is an answer, or panics.
pub(crate) async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(POLL).await;
    }
}

/// What an answer of a pod tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) via: String,
    pub(crate) pod: String,
    pub(crate) on: String,
    pub(crate) client: SocketAddr,
}

impl Answer {
    pub(crate) fn parse(line: &str) -> Self {
        let mut fields = line.trim_end().split(' ').map(|field| field.split_once('=').unwrap());
        let mut next = |name| {
            let (key, value) = fields.next().unwrap();
            assert_eq!(key, name, "{line}");
            value.to_owned()
        };
        Self {
            via: next("via"),
            pod: next("pod"),
            on: next("on"),
            client: next("client").parse().unwrap(),
        }
    }
}

/// Asks once, on a connection of its own; returns the head, the body and the client's address.
pub(crate) async fn fetch(
    address: Ipv4Addr,
    port: u16,
    request: &str,
) -> io::Result<(String, String, SocketAddr)> {
    let exchange = async {
        let mut stream = TcpStream::connect((address, port)).await?;
        let own = stream.local_addr()?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((head.to_owned(), body.to_owned(), own))
    };
    timeout(DEADLINE, exchange).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// A GET that is answered with 200, and the body of the answer.
pub(crate) async fn get(
    address: Ipv4Addr,
    port: u16,
    path: &str,
) -> io::Result<(String, SocketAddr)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
    let (head, body, own) = fetch(address, port, &request).await?;
    if head.starts_with("HTTP/1.1 200 ") { Ok((body, own)) } else { Err(io::Error::other(head)) }
}

/// The status code of a GET.
pub(crate) async fn code(address: Ipv4Addr, port: u16, path: &str) -> io::Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
    let (head, _, _) = fetch(address, port, &request).await?;
    Ok(head.split(' ').nth(1).unwrap().parse().unwrap())
}

async fn server() -> (Server, Client) {
    let server = Server::start(seaway_sandbox::Options::default()).unwrap();
    let kubeconfig = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    (server, Client::try_from(config).unwrap())
}
