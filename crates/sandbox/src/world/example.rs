//! The manifests of the demo.

use k8s_openapi::{
    api::core::v1::{Container, ContainerPort, Pod, PodSpec, Service, ServicePort, ServiceSpec},
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};

/// The port of the Service, and of its pods.
pub const PORT: u16 = 8080;
/// The port of the Service on every node.
pub const NODE_PORT: u16 = 31_002;

/// The namespace of the example.
const NAMESPACE: &str = "default";
const APP: &str = "tomcat";

/// The pods `tomcat-1` to `tomcat-N`; the scheduler spreads them.
pub fn pods(count: usize) -> Vec<Pod> {
    (1..=count).map(pod).collect()
}

/// The Service `tomcat-service`, which asks for a load balancer.
pub fn service() -> Service {
    Service {
        metadata: ObjectMeta {
            name: Some("tomcat-service".to_owned()),
            namespace: Some(NAMESPACE.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(ServiceSpec {
            type_: Some("LoadBalancer".to_owned()),
            selector: Some([("app".to_owned(), APP.to_owned())].into()),
            ports: Some(vec![ServicePort {
                port: i32::from(PORT),
                target_port: Some(IntOrString::Int(i32::from(PORT))),
                node_port: Some(i32::from(NODE_PORT)),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

fn pod(number: usize) -> Pod {
    Pod {
        metadata: ObjectMeta {
            name: Some(format!("{APP}-{number}")),
            namespace: Some(NAMESPACE.to_owned()),
            labels: Some([("app".to_owned(), APP.to_owned())].into()),
            ..ObjectMeta::default()
        },
        spec: Some(PodSpec {
            containers: vec![Container {
                name: APP.to_owned(),
                image: Some("tomcat:10".to_owned()),
                ports: Some(vec![ContainerPort {
                    container_port: i32::from(PORT),
                    protocol: Some("TCP".to_owned()),
                    ..ContainerPort::default()
                }]),
                ..Container::default()
            }],
            ..PodSpec::default()
        }),
        ..Pod::default()
    }
}
