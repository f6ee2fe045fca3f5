package app

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"passerby/internal/brand"
	"passerby/web"
)

// openBrand reads what is the operator's own on the page, and warns of what people may not be able to read.
func (s *Server) openBrand() (web.Site, error) {
	site, warnings, err := readBrand(s.cfg.Brand)
	if err != nil {
		return web.Site{}, err
	}
	for _, warning := range warnings {
		s.log.Warn("brand: " + warning)
	}
	site.Embed = s.cfg.EmbedOrigins
	return site, nil
}

func readBrand(folder string) (web.Site, []string, error) {
	if folder == "" {
		return web.Site{}, nil, nil
	}
	site, warnings, err := brand.Read(os.DirFS(folder), web.Words())
	if err != nil {
		return web.Site{}, nil, fmt.Errorf("--brand %s: %w", folder, err)
	}
	return site, warnings, nil
}

// brandCommand checks a folder before a server gets it, or shows all words that it can change.
func brandCommand(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("brand", flag.ContinueOnError)
	words := fs.Bool("words", false, "show every word of the page in English, as brand.yaml has them")
	folder := ""
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		folder, args = args[0], args[1:]
	}
	if err := parse(fs, args, stdout); err != nil {
		return err
	}
	if *words == (folder != "") {
		return usageError{errors.New("write passerby brand FOLDER, or passerby brand --words")}
	}
	if *words {
		all, out := web.Words(), json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(stdout, "%s: ", key)
			if err := out.Encode(all[key]); err != nil { // JSON is YAML
				return err
			}
		}
		return nil
	}
	_, warnings, err := readBrand(folder)
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		fmt.Fprintln(stdout, "warning:", warning)
	}
	fmt.Fprintf(stdout, "%s can be used: passerby serve --brand %s\n", folder, folder)
	return nil
}
