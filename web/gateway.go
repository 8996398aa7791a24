package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"luoshu"
)

// Gateways reads the addresses and ranges ("10.0.0.5", "10.1.0.0/16") of the gateways
// that stand before the server.
func Gateways(list []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if a, aerr := netip.ParseAddr(s); aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, luoshu.Errorf(luoshu.Invalid, "city.yaml 的 gateway 应为网络地址或网段，如 10.0.0.5 或 10.1.0.0/16；%s 不是", "gateway in city.yaml takes addresses or ranges such as 10.0.0.5 or 10.1.0.0/16; %s is none", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// behind puts who asked a gateway in the place of the gateway. Only what a gateway
// itself wrote counts: the last address of X-Forwarded-For that is no gateway's.
// Whatever anybody else sends in that header is passed over.
func (s *Server) behind(r *http.Request) *http.Request {
	if len(s.Gateways) == 0 || !s.gateway(hostOf(r.RemoteAddr)) {
		return r
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return r // nothing to be relied on
		}
		if !s.gateway(a) {
			out := r.Clone(r.Context())
			out.RemoteAddr = net.JoinHostPort(a.Unmap().WithZone("").String(), "0")
			return out
		}
	}
	return r
}

func hostOf(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr()
}

func (s *Server) gateway(a netip.Addr) bool {
	for _, p := range s.Gateways {
		if p.Contains(a.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}
