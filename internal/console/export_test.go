package console

// Routes tells which addresses there are, and what each asks for: "public", "account" or an action.
func Routes() map[string]string {
	all := map[string]string{}
	for pattern, r := range routes() {
		switch {
		case r.public:
			all[pattern] = "public"
		case r.account:
			all[pattern] = "account"
		default:
			all[pattern] = string(r.may)
		}
	}
	return all
}

// The cookies.
const (
	SessionCookie = sessionCookie
	OIDCCookie    = oidcCookie
)
