package control

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"time"
)

const (
	authorityFile = "ca.crt"
	serverCert    = "server.crt"
	serverKey     = "server.key"
	accountsKey   = "service-accounts.key"
	accountsPub   = "service-accounts.pub"
)

// authenticate writes the certificate of the API server with its authority, and the keys that
// service accounts are signed with.
func authenticate(folder Folder, addresses []netip.Addr) error {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	authority := certificate(1, "seaway-cluster")
	authority.IsCA = true
	authority.BasicConstraintsValid = true
	authority.KeyUsage = x509.KeyUsageCertSign
	if err := sign(folder, authorityFile, authority, authority, &signer.PublicKey, signer); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	server := certificate(2, "kube-apiserver")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default.svc"}
	for _, address := range addresses {
		server.IPAddresses = append(server.IPAddresses, net.IP(address.AsSlice()))
	}
	if err := sign(folder, serverCert, server, authority, &key.PublicKey, signer); err != nil {
		return err
	}
	if err := writeKey(folder, serverKey, key); err != nil {
		return err
	}
	accounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&accounts.PublicKey)
	if err != nil {
		return err
	}
	if err := folder.write(accountsPub, armour("PUBLIC KEY", public)); err != nil {
		return err
	}
	return writeKey(folder, accountsKey, accounts)
}

func certificate(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func sign(
	folder Folder, file string, of, by *x509.Certificate, key *ecdsa.PublicKey, with *ecdsa.PrivateKey,
) error {
	signed, err := x509.CreateCertificate(rand.Reader, of, by, key, with)
	if err != nil {
		return err
	}
	return folder.write(file, armour("CERTIFICATE", signed))
}

func writeKey(folder Folder, file string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return folder.write(file, armour("EC PRIVATE KEY", der))
}

func armour(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
