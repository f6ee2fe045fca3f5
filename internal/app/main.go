package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"passerby/internal/config"
)

// Version is set when the binary is linked.
var Version = "dev"

const usage = `Passerby: random video and text chat on your own server.

  passerby serve     serve pages, signaling, media and TURN
  passerby turn      serve TURN alone, for any WebRTC app
  passerby doctor    check a server and say what is wrong and how to fix it
  passerby health    ask the server on this machine whether it is well, for containers
  passerby brand     check a folder of a name, colours and words of your own, or show all words
  passerby migrate   bring the tables of the database up to date
  passerby ban       keep people out, and decide about their appeals
  passerby user      export or delete what is stored of a person
  passerby report    show what was reported, or save it to files
  passerby moderator add people who moderate, or give them a new password
  passerby apikey    make a key for another app's server
  passerby audit     verify the log of what moderators did
  passerby version   print the version

"passerby serve --help" and "passerby turn --help" show every setting.
`

// Main runs the command in args and returns the exit code: 0 when all is well, 1 when something failed, 2 when args were wrong.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := "help"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	var err error
	switch command {
	case "serve":
		err = serveCommand(ctx, args, stdout, stderr)
	case "turn":
		err = turnCommand(ctx, args, stdout, stderr)
	case "doctor":
		err = doctorCommand(ctx, args, stdout)
	case "health":
		err = healthCommand(ctx, args, stdout)
	case "brand":
		err = brandCommand(args, stdout)
	case "migrate":
		err = migrateCommand(ctx, args, stdout)
	case "ban":
		err = banCommand(ctx, args, stdout)
	case "user":
		err = userCommand(ctx, args, stdout)
	case "report":
		err = reportCommand(ctx, args, stdout)
	case "moderator":
		err = moderatorCommand(ctx, args, stdout)
	case "apikey":
		err = apikeyCommand(args, stdout)
	case "audit":
		err = auditCommand(ctx, args, stdout)
	case "version", "--version", "-v":
		if len(args) > 0 {
			err = usageError{fmt.Errorf("%q is too much: passerby version takes no words", args[0])}
			break
		}
		fmt.Fprintf(stdout, "passerby %s %s %s/%s\n", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
	default:
		if strings.HasPrefix(command, "-") {
			err = usageError{fmt.Errorf("the command is missing: did you mean passerby serve %s?", strings.Join(append([]string{command}, args...), " "))}
			break
		}
		err = usageError{fmt.Errorf("there is no command %q\n\n%s", command, usage)}
	}
	var wrong usageError
	switch {
	case err == nil || errors.Is(err, config.ErrHelp):
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, "passerby:", err)
		return 2
	default:
		fmt.Fprintln(stderr, "passerby:", err)
		return 1
	}
}

// usageError is a fault in what the operator wrote, not in what happened.
type usageError struct{ error }

func serveCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, err := config.Load(args, os.LookupEnv, stdout)
	if errors.Is(err, config.ErrHelp) {
		return err
	} else if err != nil {
		return usageError{err}
	}
	s, err := Start(cfg, stderr)
	if err != nil {
		return err
	}
	warnEnv(s.log, "serve")
	fmt.Fprintf(stdout, "\n  Passerby is at %s\n\n", s.URL())
	return s.Run(ctx)
}

// warnEnv warns of variables of the environment that are named like settings and set nothing.
func warnEnv(log *slog.Logger, command string) {
	for _, name := range config.UnknownEnv(os.Environ()) {
		log.Warn("this environment variable is not a setting; see passerby "+command+" --help", "variable", name)
	}
}
