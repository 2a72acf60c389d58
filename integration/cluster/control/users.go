package control

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
)

const tokensFile = "tokens.csv"

// users are who may enter, by their kubeconfig. The controllers enter as the administrator: each of
// them with an account of its own would cost seconds at every start.
var users = map[string]struct{ name, group string }{
	AdminKubeconfig: {"admin", "system:masters"},
	ProxyKubeconfig: {"system:kube-proxy", "system:authenticated"},
}

// admit writes a token for each user, and the kubeconfigs with them.
func admit(folder Folder) error {
	var tokens []byte
	for file, user := range users {
		token := rand.Text()
		tokens = fmt.Appendf(tokens, "%s,%s,%s,%q\n", token, user.name, user.name, user.group)
		server := ServerURL
		if file == ProxyKubeconfig {
			server = nodesURL()
		}
		if err := kubeconfig(folder, file, user.name, token, server); err != nil {
			return err
		}
	}
	return folder.write(tokensFile, tokens)
}

func kubeconfig(folder Folder, file, user, token, server string) error {
	authority, err := os.ReadFile(folder.Path(authorityFile))
	if err != nil {
		return err
	}
	return folder.write(file, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: seaway-cluster
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: %s
  user:
    token: %s
contexts:
- name: seaway-cluster
  context:
    cluster: seaway-cluster
    user: %s
current-context: seaway-cluster
`, server, base64.StdEncoding.EncodeToString(authority), user, token, user))
}
