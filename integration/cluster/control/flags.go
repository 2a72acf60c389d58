package control

import (
	"net/netip"

	"seaway.dev/cluster/network"
)

// etcd forgets everything at the end, so that it need not wait for a disk.
func etcd(folder Folder) []string {
	return []string{
		"--data-dir=" + folder.Path("etcd"),
		"--unsafe-no-fsync",
		"--listen-client-urls=" + etcdURL,
		"--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=http://127.0.0.1:2380",
		"--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=default=http://127.0.0.1:2380",
		"--log-level=error",
	}
}

func apiServer(folder Folder, own netip.Addr) []string {
	return []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=::",
		"--secure-port=6443",
		"--advertise-address=" + own.String(),
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + string(folder),
		"--tls-cert-file=" + folder.Path(serverCert),
		"--tls-private-key-file=" + folder.Path(serverKey),
		"--client-ca-file=" + folder.Path(authorityFile),
		"--token-auth-file=" + folder.Path(tokensFile),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + folder.Path(accountsPub),
		"--service-account-signing-key-file=" + folder.Path(accountsKey),
		"--service-cluster-ip-range=" + both(network.Services4, network.Services6),
	}
}

// controllerManager runs the controllers of upstream as they are: they make the EndpointSlices,
// replace pods, collect garbage, and mark the nodes that say nothing any more.
func controllerManager(folder Folder) []string {
	return []string{
		"--kubeconfig=" + folder.Path(AdminKubeconfig),
		"--authentication-kubeconfig=" + folder.Path(AdminKubeconfig),
		"--authorization-kubeconfig=" + folder.Path(AdminKubeconfig),
		"--bind-address=127.0.0.1",
		"--cert-dir=" + folder.Path("kube-controller-manager"),
		"--leader-elect=false",
		"--service-account-private-key-file=" + folder.Path(accountsKey),
		"--root-ca-file=" + folder.Path(authorityFile),
		"--node-monitor-period=2s",
		"--node-monitor-grace-period=40s",
		"--kube-api-qps=300",
		"--kube-api-burst=500",
	}
}

// KubeProxy is what each node runs.
func KubeProxy(folder Folder, node string) []string {
	return []string{
		"--kubeconfig=" + folder.Path(ProxyKubeconfig),
		"--hostname-override=" + node,
		"--proxy-mode=nftables",
		"--cluster-cidr=" + both(network.Pods4, network.Pods6),
		"--healthz-bind-address=[::]:10256",
		"--metrics-bind-address=127.0.0.1:10249",
		// These belong to the host, which is not ours.
		"--conntrack-max-per-core=0",
		"--conntrack-tcp-timeout-established=0s",
		"--conntrack-tcp-timeout-close-wait=0s",
	}
}

func both(v4, v6 netip.Prefix) string {
	return v4.String() + "," + v6.String()
}
