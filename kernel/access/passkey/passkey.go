// Package passkey speaks WebAuthn: it asks an authenticator for a new credential or
// for a proof that it holds one, and checks the answers. It keeps nothing; what is
// given to the browser and what must be remembered until its answer are values.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Site is the place that credentials are bound to: ID is its host name, Origin what
// the browser calls it ("https://data.example.cn"), Title what people call it.
type Site struct{ ID, Origin, Title string }

// Owner is whom a credential belongs to. Handle is opaque and stays the same; Held
// are the credentials that the owner has already, as Taken returned them.
type Owner struct {
	Handle        []byte
	Name, Display string
	Held          [][]byte
}

// ErrRefused is the answer to a proof that does not hold, with its cause.
var ErrRefused = errors.New("the passkey does not prove it")

// owner is an Owner as the library wants it.
type owner struct {
	Owner
	held []webauthn.Credential
}

func (o *owner) WebAuthnID() []byte                         { return o.Handle }
func (o *owner) WebAuthnName() string                       { return o.Name }
func (o *owner) WebAuthnDisplayName() string                { return o.Display }
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.held }

func start(s Site, o Owner) (*webauthn.WebAuthn, *owner, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: s.ID, RPDisplayName: s.Title, RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationPreferred,
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("set up passkeys: %w", err)
	}
	out := &owner{Owner: o}
	for _, b := range o.Held {
		var c webauthn.Credential
		if err := json.Unmarshal(b, &c); err != nil {
			return nil, nil, fmt.Errorf("read a passkey: %w", err)
		}
		out.held = append(out.held, c)
	}
	return w, out, nil
}

// Offer begins the taking up of a credential: options for the browser, and the
// state that Taken needs.
func Offer(s Site, o Owner) (options, state []byte, err error) {
	w, u, err := start(s, o)
	if err != nil {
		return nil, nil, err
	}
	not := make([]protocol.CredentialDescriptor, len(u.held))
	for i := range u.held {
		not[i] = u.held[i].Descriptor()
	}
	creation, session, err := w.BeginRegistration(u, webauthn.WithExclusions(not))
	if err != nil {
		return nil, nil, fmt.Errorf("offer a passkey: %w", err)
	}
	return pair(creation, session)
}

// Taken checks the browser's answer to an Offer and returns the credential to keep.
func Taken(s Site, o Owner, state, answer []byte) ([]byte, error) {
	w, u, err := start(s, o)
	if err != nil {
		return nil, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return nil, fmt.Errorf("read the state of a passkey: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, errors.Join(ErrRefused, err)
	}
	c, err := w.CreateCredential(u, session, parsed)
	if err != nil {
		return nil, errors.Join(ErrRefused, err)
	}
	return json.Marshal(c)
}

// Ask begins a proof: options for the browser, and the state that Shown needs.
func Ask(s Site, o Owner) (options, state []byte, err error) {
	w, u, err := start(s, o)
	if err != nil {
		return nil, nil, err
	}
	assertion, session, err := w.BeginLogin(u)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return pair(assertion, session)
}

// Shown checks the browser's answer to an Ask. It returns which of the owner's
// credentials was shown, that credential as it must be kept from now on, and its
// counter. A counter that did not move forward, where the authenticator has one,
// means that there are two of it, and is refused.
func Shown(s Site, o Owner, state, answer []byte) (which int, kept []byte, counter uint32, err error) {
	w, u, err := start(s, o)
	if err != nil {
		return 0, nil, 0, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return 0, nil, 0, fmt.Errorf("read the state of a passkey: %w", err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return 0, nil, 0, errors.Join(ErrRefused, err)
	}
	c, err := w.ValidateLogin(u, session, parsed)
	if err != nil {
		return 0, nil, 0, errors.Join(ErrRefused, err)
	}
	if c.Authenticator.CloneWarning {
		return 0, nil, 0, errors.Join(ErrRefused, errors.New("its counter went back"))
	}
	for i := range u.held {
		if bytes.Equal(u.held[i].ID, c.ID) {
			kept, err = json.Marshal(c)
			return i, kept, c.Authenticator.SignCount, err
		}
	}
	return 0, nil, 0, errors.Join(ErrRefused, errors.New("it is not one of the owner's"))
}

func pair(options, state any) ([]byte, []byte, error) {
	a, err := json.Marshal(options)
	if err != nil {
		return nil, nil, fmt.Errorf("write passkey options: %w", err)
	}
	b, err := json.Marshal(state)
	if err != nil {
		return nil, nil, fmt.Errorf("write passkey state: %w", err)
	}
	return a, b, nil
}
