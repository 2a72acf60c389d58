package control

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Program is one of the programs that this binary carries, as a process of its own.
type Program struct {
	name string
	log  string
	cmd  *exec.Cmd
	// ended is closed once the process is gone.
	ended chan struct{}
}

// Start starts one in the namespaces of the calling thread; log names its log file.
func Start(folder Folder, log, name string, flags ...string) (*Program, error) {
	path := folder.Path("logs/" + log + ".log")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cmd := exec.Command("/proc/self/exe", append([]string{name}, flags...)...)
	cmd.Stdout, cmd.Stderr = file, file
	// A Ctrl-C on the terminal is for who asked for the cluster, and not for its parts.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	program := &Program{name, path, cmd, make(chan struct{})}
	go func() {
		cmd.Wait()
		close(program.ended)
	}()
	return program, nil
}

// Ended is closed once the process is gone.
func (p *Program) Ended() <-chan struct{} {
	return p.ended
}

// Kill ends it at once, and waits for that.
func (p *Program) Kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// until waits for a probe to succeed; a program that ends meanwhile has failed.
func (p *Program) until(ctx context.Context, probe func() error) error {
	err := wait(ctx, p.ended, probe)
	if err != nil {
		return fmt.Errorf("%s: %w; its last words:\n%s", p.name, err, p.LastWords())
	}
	return nil
}

// LastWords are the end of its log.
func (p *Program) LastWords() string {
	text, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
