package tsgen

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// comments maps "Type" and "Type.Field" to the text of the comment in the Go source.
type comments map[string]string

// readComments reads the comments of the Go files in dir.
func readComments(dir string) (comments, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	found := comments{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.TYPE {
				found.types(gen)
			}
		}
	}
	return found, nil
}

func (c comments) types(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		typ := spec.(*ast.TypeSpec)
		group := typ.Doc
		if group == nil {
			group = decl.Doc
		}
		c.put(typ.Name.Name, group)
		fields, ok := typ.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range fields.Fields.List {
			for _, name := range field.Names {
				c.put(typ.Name.Name+"."+name.Name, field.Doc)
			}
		}
	}
}

func (c comments) put(name string, group *ast.CommentGroup) {
	if group == nil {
		return
	}
	var parser comment.Parser
	printer := comment.Printer{TextWidth: -1}
	text := string(printer.Text(parser.Parse(group.Text())))
	c[name] = strings.Join(strings.Fields(text), " ")
}

// Comments maps "Type" and "Type.Field" to the text of the comment in the Go files of a folder.
func Comments(dir string) (map[string]string, error) { return readComments(dir) }
