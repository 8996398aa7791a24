package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"luoshu"
	"luoshu/kernel/city"
	"luoshu/web"
	"luoshu/web/account"
	"luoshu/web/audit"
	"luoshu/web/identity"
	"luoshu/web/kit"
)

type serveCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Listen string `default:"127.0.0.1:8080" help:"Address and port."`
}

// areas are the routes of every area of trust.
func areas(ct *city.City) []kit.Route {
	return slices.Concat(
		account.Routes(ct.Access, ct.Catalog),
		identity.Routes(identity.Config{Identity: ct.Identity, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Records: ct.Records}),
		audit.Routes(audit.Config{Log: ct.Audit, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Now: ct.Access.Now}),
	)
}

// Run serves until it is interrupted; requests under way get ten seconds to end.
func (c serveCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		ln, err := net.Listen("tcp", c.Listen)
		if err != nil {
			return luoshu.Errorf(luoshu.Unavailable, "无法监听 %s：%v", "cannot listen on %s: %v", c.Listen, err)
		}
		handler := web.New(web.Config{
			Door: ct.Door, Access: ct.Access, Desk: ct.Desk, Ledger: ct.Ledger, Engine: ct.Engine,
			Catalog: ct.Catalog, Audit: ct.Audit, Now: a.now, Log: a.logger, Seal: ct.Seal, Areas: areas(ct),
		})
		srv := &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
			BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(a.ctx) },
		}
		fmt.Fprintf(a.out, "Luoshu 洛书 · %s · http://%s\n", ct.Catalog.City.Title.ZH, ln.Addr())
		if b, err := os.ReadFile(filepath.Join(c.Data, accountsFile)); err == nil {
			fmt.Fprintf(a.out, "%s", b)
		}
		done := make(chan error, 1)
		go func() {
			<-a.ctx.Done()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), 10*time.Second)
			defer cancel()
			done <- errors.Join(srv.Shutdown(ctx), handler.Close(ctx))
		}()
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return <-done
	})
}
