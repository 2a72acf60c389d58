package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// cell is a process in namespaces of its own: network, mounts and processes, and users unless root
// calls. It is the first process there: when it ends, the kernel ends all others and takes the
// namespaces away, with every interface, rule and mount in them.
func cell(arguments []string, files ...*os.File) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", append([]string{insideCommand}, arguments...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = files
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
		// However we end, it ends.
		Pdeathsig: syscall.SIGKILL,
	}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// refusal explains why there is no cell.
func refusal(err error) error {
	if !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ENOSPC) &&
		!errors.Is(err, syscall.EACCES) {
		return err
	}
	if os.Geteuid() == 0 {
		return fmt.Errorf("this system lets root make no namespaces (%w): "+
			"in a container, it takes --privileged or CAP_SYS_ADMIN and CAP_NET_ADMIN", err)
	}
	remedies := []string{"run it as root"}
	for name, value := range map[string]string{
		"kernel.unprivileged_userns_clone":             "1",
		"kernel.apparmor_restrict_unprivileged_userns": "0",
	} {
		path := "/proc/sys/" + strings.ReplaceAll(name, ".", "/")
		if is, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(is)) != value {
			remedies = append(remedies, fmt.Sprintf("sysctl -w %s=%s", name, value))
		}
	}
	return fmt.Errorf("this system lets no ordinary user make namespaces (%w): %s",
		err, strings.Join(remedies, ", or "))
}
