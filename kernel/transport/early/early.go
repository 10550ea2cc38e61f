//go:build unix

// Package early opens the tcp sockets of a kernel that is starting before most of the program's packages are initialised.
// A client connects as soon as it has started the kernel; ZeroMQ, when it is refused, tries again only after 100 ms or
// more, which would be most of a kernel's start. The package imports little, so that Go initialises it soon.
//
// Whatever goes wrong here is left to transport.Listen, which says so.
package early

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// sockets are the open ones, by host:port.
var sockets = map[string]int{}

func init() {
	if file := connectionFile(os.Args); file != "" {
		if b, err := os.ReadFile(file); err == nil {
			open(b)
		}
	}
}

// Take hands over the listening socket of an address, nil when it is not open.
func Take(address string) *os.File {
	fd, ok := sockets[address]
	if !ok {
		return nil
	}
	delete(sockets, address)
	return os.NewFile(uintptr(fd), address)
}

// connectionFile is FILE in "msflow kernel start -f FILE".
func connectionFile(args []string) string {
	if len(args) == 5 && args[1] == "kernel" && args[2] == "start" && (args[3] == "-f" || args[3] == "--connection-file") {
		return args[4]
	}
	return ""
}

// open opens the ports that a connection file names.
func open(connection []byte) {
	c := struct {
		Transport, IP string
		Shell         int `json:"shell_port"`
		IOPub         int `json:"iopub_port"`
		Stdin         int `json:"stdin_port"`
		Control       int `json:"control_port"`
		HB            int `json:"hb_port"`
	}{Transport: "tcp", IP: "127.0.0.1"}
	if json.Unmarshal(connection, &c) != nil || c.Transport != "tcp" {
		return
	}
	ip, ok := parseIPv4(c.IP)
	if !ok {
		return
	}
	for _, port := range []int{c.Shell, c.IOPub, c.Stdin, c.Control, c.HB} {
		if port <= 0 || port > 65535 {
			continue
		}
		if fd, err := listen(ip, port); err == nil {
			sockets[fmt.Sprintf("%s:%d", c.IP, port)] = fd
		}
	}
}

func parseIPv4(s string) (ip [4]byte, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return ip, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return ip, false
		}
		ip[i] = byte(n)
	}
	return ip, true
}

// listen does what net.Listen does for tcp4.
func listen(ip [4]byte, port int) (fd int, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	syscall.CloseOnExec(fd)
	err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: ip})
	}
	if err == nil {
		err = syscall.Listen(fd, syscall.SOMAXCONN)
	}
	if err != nil {
		syscall.Close(fd)
	}
	return fd, err
}
