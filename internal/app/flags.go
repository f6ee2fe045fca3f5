package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"passerby/internal/config"
)

// parse reads the flags of a command that has no file and no environment of its own. Help goes to out.
func parse(fs *flag.FlagSet, args []string, out io.Writer) error {
	err := config.Parse(fs, args, fs.Name())
	if errors.Is(err, config.ErrHelp) {
		fmt.Fprintf(out, "Usage: passerby %s [settings]\n\n", fs.Name())
		fs.VisitAll(func(f *flag.Flag) {
			unit, usage := flag.UnquoteUsage(f)
			fmt.Fprintf(out, "  --%s %s\n        %s\n", f.Name, strings.ToUpper(unit), usage)
		})
		return err
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}
