package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/cmd/luoshu/loop"
	"luoshu/kernel/city"
	"luoshu/kernel/disclose"
	"luoshu/kernel/readiness"
	"luoshu/web"
	"luoshu/web/account"
	"luoshu/web/audit"
	"luoshu/web/brief"
	"luoshu/web/correct"
	"luoshu/web/duty"
	webflow "luoshu/web/flow"
	"luoshu/web/identity"
	"luoshu/web/kit"
	"luoshu/web/movement"
	webreadiness "luoshu/web/readiness"
	webrun "luoshu/web/run"
	webverify "luoshu/web/verify"
)

type serveCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Listen string `default:"127.0.0.1:8080" help:"Address and port."`
	// Where a hundred people share an account of a service hall, or a bench asks.
	Rate map[string]string `placeholder:"NAME=BURST/MINUTE" help:"How often one account may ask, at once and a minute, e.g. read=600/1200; the names and usual bounds stand in docs/security.md."`
}

// rates reads --rate; nil where it was not given.
func (c serveCmd) rates() (map[string]web.Rate, error) {
	var out map[string]web.Rate
	usual := web.Rates()
	for name, text := range c.Rate {
		if _, ok := usual[name]; !ok {
			names := strings.Join(slices.Sorted(maps.Keys(usual)), ", ")
			return nil, luoshu.Errorf(luoshu.Invalid, "--rate 没有名为 %q 的限额；可用：%s", "--rate: there is no bound named %q; there are %s", name, names)
		}
		burst, minute, ok := strings.Cut(text, "/")
		b, err1 := strconv.ParseFloat(burst, 64)
		m, err2 := strconv.ParseFloat(minute, 64)
		if !ok || err1 != nil || err2 != nil || !(b >= 1 && m >= 1 && b <= mostRate && m <= mostRate) {
			return nil, luoshu.Errorf(luoshu.Invalid, "--rate %s=%s 应写作 一次最多/每分钟，如 600/1200，均为 1 到 %.0f 的数", "--rate %s=%s: write how many at once and a minute, like 600/1200, each from 1 to %.0f", name, text, mostRate)
		}
		if out == nil {
			out = map[string]web.Rate{}
		}
		out[name] = web.Rate{Burst: b, PerMinute: m}
	}
	return out, nil
}

const mostRate = 1e9

// areas are the routes of every area of trust.
func areas(ct *city.City, moves *movement.Area, works *kit.Works) []kit.Route {
	return slices.Concat(
		account.Routes(ct.Access, ct.Catalog),
		identity.Routes(identity.Config{Identity: ct.Identity, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Records: ct.Records, Works: works}),
		moves.Routes(),
		webverify.Routes(webverify.Config{
			Verify: ct.Verify, Findings: ct.Findings, Door: ct.Door, Access: ct.Access, Charter: ct.Charter, Ledger: ct.Ledger, Works: works,
		}),
		duty.Routes(duty.Config{Duties: ct.Duties, Days: ct.Days}),
		brief.Routes(brief.Config{Desk: loop.Desk(ct)}),
		webreadiness.Routes(webreadiness.Config{Desk: &readiness.Desk{Catalog: ct.Catalog, Access: ct.Access, Door: ct.Door}}),
		webrun.Routes(webrun.Config{Runner: ct.Runner, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Works: works}),
		webflow.Routes(webflow.Config{Flow: ct.Flow, Door: ct.Door, Access: ct.Access}),
		audit.Routes(audit.Config{Log: ct.Audit, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Now: ct.Access.Now}),
		correct.Routes(correct.Config{
			Correct: ct.Correct, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Charter: ct.Charter,
			Row: func(ctx context.Context, sha, entity string, n int) (disclose.SheetRow, error) {
				r, err := ct.Desk.RowOf(ctx, sha, entity, n)
				return disclose.SheetRow(r), err
			},
		}),
	)
}

// handler puts the server over an opened city; rates is nil for the usual bounds.
func (a *app) handler(ct *city.City, moves *movement.Area, works *kit.Works, gateways []netip.Prefix, rates map[string]web.Rate) *web.Server {
	return web.New(web.Config{
		Secure: strings.HasPrefix(ct.Config.Address, "https://"), Gateways: gateways, Rates: rates,
		Door: ct.Door, Access: ct.Access, Desk: ct.Desk, Ledger: ct.Ledger, Engine: ct.Engine,
		Catalog: ct.Catalog, Audit: ct.Audit, Correct: ct.Correct, Now: a.now, Log: a.logger, Seal: ct.Seal, Areas: areas(ct, moves, works),
	})
}

// Run serves until it is interrupted; requests under way get ten seconds to end.
func (c serveCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		gateways, err := web.Gateways(ct.Config.Gateway)
		if err != nil {
			return err
		}
		rates, err := c.rates()
		if err != nil {
			return err
		}
		ln, err := net.Listen("tcp", c.Listen)
		if err != nil {
			return luoshu.Errorf(luoshu.Unavailable, "无法监听 %s：%v", "cannot listen on %s: %v", c.Listen, err)
		}
		moves := &movement.Area{Mover: ct.Mover, Keeper: ct.Keeper, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog}
		defer moves.Close()
		works := &kit.Works{}
		defer works.Close()
		var sweeping sync.WaitGroup
		sweeping.Go(func() { a.sweep(ct) })
		defer sweeping.Wait()
		handler := a.handler(ct, moves, works, gateways, rates)
		srv := usual.server(a.ctx, handler)
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
			done <- err
		}()
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return <-done
	})
}

// sweepEvery is how often a server looks at what has become due. What it does
// follows from dates, so that the interval matters to nobody.
const (
	sweepEvery = time.Minute
	ruleRest   = 20 // a set rule rests so many times as long as it took
)

// sweep reminds and raises, at once and then until the server stops.
func (a *app) sweep(ct *city.City) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		if err := ct.Sweep(a.ctx, a.now(), ruleRest); err != nil && a.ctx.Err() == nil {
			a.logger.Error("what is due could not be looked at", "cause", err)
		}
		select {
		case <-t.C:
		case <-a.ctx.Done():
			return
		}
	}
}
