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
	"luoshu/web/kit"
	webverify "luoshu/web/verify"
)

type serveCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Listen string `default:"127.0.0.1:8080" help:"Address and port."`
}

// areas are the routes of every area of trust.
func areas(ct *city.City) []kit.Route {
	return slices.Concat(
		account.Routes(ct.Access, ct.Catalog),
		webverify.Routes(webverify.Config{
			Verify: ct.Verify, Findings: ct.Findings, Door: ct.Door, Access: ct.Access, Charter: ct.Charter, Ledger: ct.Ledger,
		}),
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
		swept := make(chan struct{})
		go func() {
			defer close(swept)
			sweep(a, ct)
		}()
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
			err := errors.Join(srv.Shutdown(ctx), handler.Close(ctx))
			<-swept
			done <- err
		}()
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return <-done
	})
}

// sweepEvery is how often the dates are looked at, ruleRest how many times as long
// as it took a set rule rests before it is run again.
const (
	sweepEvery = time.Minute
	ruleRest   = 20
)

// sweep does what the dates and the newest commits ask for, until the server ends.
func sweep(a *app, ct *city.City) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := ct.Sweep(a.ctx, ruleRest); err != nil && a.ctx.Err() == nil {
			a.logger.Error("sweep", "cause", err)
		}
		select {
		case <-tick.C:
		case <-a.ctx.Done():
			return
		}
	}
}
