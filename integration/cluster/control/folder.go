// Package control is the control plane: etcd, the API server and the controllers, each a process of
// its own, with the certificates and tokens by which they know each other.
package control

import (
	"os"
	"path/filepath"
)

// Folder holds everything that the cluster writes.
type Folder string

// Path is the place of a file in it.
func (f Folder) Path(name string) string {
	return filepath.Join(string(f), name)
}

func (f Folder) write(name string, content []byte) error {
	return os.WriteFile(f.Path(name), content, 0o600)
}

// Files that others read.
const (
	AdminKubeconfig = "admin.kubeconfig"
	ProxyKubeconfig = "kube-proxy.kubeconfig"
)
