// Package web speaks HTTP and nothing else: sign-in, the JSON API of docs/api.md
// and the embedded pages. What may be seen is decided by disclose, what may be
// written by access and the ledger.
package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/correct"
	"luoshu/kernel/disclose"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/web/kit"
	"luoshu/web/ui"
)

// Config is what the server is made of.
type Config struct {
	Door    *disclose.Door
	Access  *access.Access
	Desk    *load.Desk
	Ledger  *ledger.Ledger
	Engine  *indicator.Engine
	Catalog *catalog.Catalog
	Correct *correct.Correct // nil: files are held nowhere
	// Audit notes what people do; without it nothing sensitive can be done.
	Audit *audit.Log
	Now   func() time.Time
	Log   *slog.Logger
	// Seal makes a seal and computes its figures.
	Seal func(ctx context.Context, a luoshu.Actor, note string, p luoshu.Progress) (ledger.Seal, error)
	// Areas are the routes of the businesses of trust: accounts, audit, corrections
	// and so on, each from a package of its own under web.
	Areas []kit.Route
	// Pages overrides the embedded pages, for tests.
	Pages fs.FS
	// MaxUpload bounds a file handed in, in bytes; 0 is 4 GiB.
	MaxUpload int64
	// Rates bounds how often one session may ask, by the name of the bucket; a bucket
	// that is missing has the bound that Rates() gives.
	Rates map[string]Rate
	// Secure marks cookies for HTTPS only, also when a proxy speaks HTTPS for us.
	Secure bool
	// Gateways are those whose word counts on where a request comes from.
	Gateways []netip.Prefix
}

// Server answers requests. It is an http.Handler.
type Server struct {
	Config
	jobs    jobs
	samples samples
	rates   rates
	pages   *pages
	handler http.Handler
}

// handlerFunc answers one request; the error it returns is written by one place.
type handlerFunc func(s *Server, w http.ResponseWriter, r *http.Request) error

// routes is every path the server knows beside the pages: its own and those of
// the areas.
func (s *Server) routes() []kit.Route {
	own := []struct {
		pattern, right string
		open, early    bool
		slow           bool
		kind, rate     string
		sensitive      bool
		handle         handlerFunc
	}{
		{pattern: "GET /healthz", open: true, handle: healthRead},
		{pattern: "GET /api/session", open: true, handle: sessionRead},
		{pattern: "POST /api/session", open: true, kind: audit.KindSignIn, handle: sessionCreate},
		{pattern: "DELETE /api/session", early: true, kind: audit.KindSignOut, handle: sessionDelete},
		{pattern: "POST /api/session/factor", early: true, kind: audit.KindSignIn, handle: sessionFactor},
		{pattern: "POST /api/session/passkey", early: true, kind: audit.KindSignIn, handle: sessionPasskeyAsk},
		{pattern: "POST /api/session/passkey/show", early: true, kind: audit.KindSignIn, handle: sessionPasskeyShow},
		{pattern: "GET /api/session/oidc", open: true, handle: sessionDepart},
		{pattern: "GET " + oidcBack, open: true, handle: sessionArrive},
		{pattern: "POST /api/session/grant", early: true, kind: audit.KindSignIn, handle: sessionGrant},
		{pattern: "GET /api/dashboard", right: "read", rate: RateRead, handle: dashboardRead},
		{pattern: "GET /api/map", right: "read", rate: RateRead, handle: mapRead},
		{pattern: "GET /api/indicators", right: "read", rate: RateRead, handle: indicatorList},
		{pattern: "GET /api/indicators/{id}", right: "read", rate: RateRead, handle: indicatorRead},
		{pattern: "GET /api/indicators/{id}/behind", right: "behind", kind: audit.KindBehind, rate: RateBehind, handle: behindList},
		{pattern: "GET /api/plan", right: "plan", rate: RateRead, handle: planRead},
		{pattern: "GET /api/entities", right: "read", handle: entityList},
		{pattern: "GET /api/entities/{entity}", right: "read", handle: entityRead},
		{pattern: "GET /api/records/{entity}", right: "read", slow: true, rate: RateRead, handle: recordList},
		{pattern: "GET /api/records/{entity}/{rec}", right: "read", handle: recordRead},
		{pattern: "GET /api/files/{sha}/rows/{n}", right: "read", handle: fileRowRead},
		{pattern: "GET /api/templates/{file}", right: "load", handle: templateRead},
		{pattern: "GET /api/uploads", right: "load", handle: uploadList},
		{pattern: "POST /api/uploads", right: "load", slow: true, rate: RateUpload, handle: uploadCreate},
		{pattern: "GET /api/uploads/{id}", right: "load", handle: uploadRead},
		{pattern: "DELETE /api/uploads/{id}", right: "load", handle: uploadCancel},
		{pattern: "GET /api/uploads/{id}/rows", right: "load", handle: uploadRowList},
		{pattern: "GET /api/uploads/{id}/faults.xlsx", right: "load", slow: true, kind: audit.KindExport, rate: RateExport, sensitive: true, handle: uploadFaults},
		{pattern: "POST /api/uploads/{id}/commit", right: "commit", handle: uploadCommit},
		{pattern: "GET /api/commits", right: "read", handle: commitList},
		{pattern: "POST /api/commits/{seq}/undo", right: "undo", slow: true, rate: RateWhole, handle: commitUndo},
		{pattern: "GET /api/seals", handle: sealList},
		{pattern: "POST /api/seals", right: "seal", rate: RateWhole, handle: sealCreate},
		{pattern: "GET /api/seals/{id}", handle: sealRead},
		{pattern: "GET /api/jobs/{id}", handle: jobRead},
		{pattern: "DELETE /api/jobs/{id}", handle: jobCancel},
		{pattern: "GET /api/explore/meta", right: "explore", handle: exploreMeta},
		{pattern: "GET /api/explore", right: "explore", rate: RateExplore, handle: exploreRead},
		{pattern: "GET /api/explore.xlsx", right: "export", kind: audit.KindExport, rate: RateExport, sensitive: true, handle: exploreExport},
		{pattern: "GET /api/explore.csv", right: "export", kind: audit.KindExport, rate: RateExport, sensitive: true, handle: exploreExport},
		{pattern: "GET /api/orgs", right: "read", rate: RateRead, handle: orgList},
	}
	out := make([]kit.Route, 0, len(own))
	for _, rt := range own {
		out = append(out, kit.Route{Pattern: rt.pattern, Right: rt.right, Open: rt.open, Early: rt.early, Slow: rt.slow, Kind: rt.kind, Rate: rt.rate, Sensitive: rt.sensitive, Handle: func(w http.ResponseWriter, r *http.Request) error {
			return rt.handle(s, w, r)
		}})
	}
	return append(out, s.Areas...)
}

// Routes is the route table: what a test of the whole goes through.
func (s *Server) Routes() []kit.Route { return s.routes() }

// New returns the server over an opened city.
func New(c Config) *Server {
	if c.MaxUpload == 0 {
		c.MaxUpload = 4 << 30
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Pages == nil {
		sub, err := fs.Sub(ui.Dist, "dist")
		if err == nil {
			c.Pages = sub
		}
	}
	s := &Server{Config: c, pages: newPages(c.Pages)}
	s.jobs.init()
	s.rates.init(c.Rates)
	if s.Access != nil {
		s.Access.OnEvent(s.accessEvent)
	}
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		mux.Handle(rt.Pattern, s.wrap(rt))
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, luoshu.Errorf(luoshu.NotFound, "没有这个接口", "no such address"))
	})
	mux.Handle("/", s.pages)
	s.handler = s.guard(mux)
	s.begin()
	return s
}

// begin opens the desk for uploads, those of a former process included, and lets
// the records be counted, so that the first visitor need not wait.
func (s *Server) begin() {
	ctx := context.Background()
	if s.Desk != nil {
		s.Desk.MaxFile = s.MaxUpload
		if err := s.Desk.Serve(ctx, s.Access.Writer); err != nil {
			s.Log.Error("uploads of the last run cannot go on", "cause", err)
		}
	}
	go func() {
		if err := s.Door.Settle(ctx); err != nil {
			s.Log.Error("records cannot be counted", "cause", err)
		}
	}()
}

// Close ends running work at its next safe point and stores what sessions still
// owe. Call it after the HTTP server has stopped and before the database closes.
func (s *Server) Close(ctx context.Context) error {
	s.jobs.close()
	if s.Desk != nil {
		s.Desk.Close()
	}
	err := s.Access.Sync(ctx)
	if s.Audit != nil {
		s.samples.close(func(e audit.Event) { s.Audit.Note(ctx, e) })
		err = errors.Join(err, s.Audit.Sync(ctx))
	}
	return err
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
