package staff

import (
	"errors"
	"time"
)

// What a sign-in, or a change of an account, can fail with.
var (
	ErrWrong     = errors.New("staff: name, password or code is wrong")
	ErrNone      = errors.New("staff: no such member or session")
	ErrTaken     = errors.New("staff: there is a member of that name")
	ErrChanged   = errors.New("staff: the member was changed meanwhile")
	ErrExpired   = errors.New("staff: this step of the sign-in took too long, or was taken already")
	ErrWeak      = errors.New("staff: the password must have 12 to 200 characters and not be the name")
	ErrName      = errors.New("staff: a name has 2 to 64 letters, digits or any of .-_@+")
	ErrLastAdmin = errors.New("staff: this is the last admin who can sign in")
)

// TooManyError tells somebody who guesses to wait.
type TooManyError struct{ Wait time.Duration }

func (e *TooManyError) Error() string {
	return "staff: too many tries: wait " + e.Wait.Round(time.Second).String()
}
