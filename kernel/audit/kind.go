package audit

// OfAccess says under which kind and outcome an event of kernel/access stands in
// the log, by the word that room uses for it.
func OfAccess(word string) (kind, outcome string) {
	switch word {
	case "sign-in":
		return KindSignIn, Done
	case "sign-in-failed", "locked":
		return KindSignIn, Refused
	case "sign-out":
		return KindSignOut, Done
	case "grant", "grant-end", "delegate", "review":
		return KindGrant, Done
	case "token", "token-revoked":
		return KindToken, Done
	}
	return KindAccount, Done
}
