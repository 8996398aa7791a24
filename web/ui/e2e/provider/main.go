// Command provider runs an OpenID provider on a port of its own, for the browser
// tests (scripts/e2e): its users are the library's, test-user2 with the password
// verysecure among them. It prints its issuer and runs until it is ended.
package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves the one client luoshu: args are its secret and where it is sent back to.
func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: provider SECRET BACK")
	}
	storage.RegisterClients(storage.WebClient("luoshu", args[0], args[1]))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := "http://" + l.Addr().String()
	srv := &http.Server{
		Handler:           exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false),
		ReadHeaderTimeout: 10 * time.Second,
	}
	fmt.Println(issuer)
	return srv.Serve(l)
}
