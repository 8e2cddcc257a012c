package backupx_test

import (
	"bytes"
	"cmp"
	"errors"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAPI compares the exported API of each public package of the repository with its text in api, so that a
// review sees every change of it. After a change that is meant, write the texts anew:
//
//	UPDATE_API=1 go test -run TestAPI .
func TestAPI(t *testing.T) {
	texts := map[string]string{}
	for _, dir := range publicPackages(t) {
		name := strings.ReplaceAll(filepath.ToSlash(dir), "/", "-")
		texts[strings.Replace(name, ".", "backupx", 1)+".txt"] = exportedAPI(t, dir)
	}
	if os.Getenv("UPDATE_API") != "" {
		require.NoError(t, os.RemoveAll("api"))
		require.NoError(t, os.MkdirAll("api", 0o755))
		for file, text := range texts {
			require.NoError(t, os.WriteFile(filepath.Join("api", file), []byte(text), 0o644))
		}
		return
	}
	for file, text := range texts {
		want, err := os.ReadFile(filepath.Join("api", file))
		require.NoError(t, err, "a new public package: UPDATE_API=1 go test -run TestAPI .")
		require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), text,
			"the exported API of %s changed: UPDATE_API=1 go test -run TestAPI .", file)
	}
	recorded, err := os.ReadDir("api")
	require.NoError(t, err)
	for _, file := range recorded {
		// A package of a nested module is absent where the root module is tested from the module cache.
		require.True(t, texts[file.Name()] != "" || strings.HasPrefix(file.Name(), "beam"), "no package has the API of %s", file.Name())
	}
}

// publicPackages returns the directories of the packages that others can import, those of nested modules
// included.
func publicPackages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || slices.Contains([]string{"internal", "testdata", "examples"}, name)) {
			return fs.SkipDir
		}
		pkg, err := build.ImportDir(path, 0)
		var none *build.NoGoError
		if errors.As(err, &none) {
			return nil
		}
		if err == nil && pkg.Name != "main" && len(pkg.GoFiles) > 0 {
			dirs = append(dirs, path)
		}
		return err
	}))
	return dirs
}

// exportedAPI returns the exported declarations of a package, without comments and bodies, in the order of
// their names: each type with its methods.
func exportedAPI(t *testing.T, dir string) string {
	t.Helper()
	pkg, err := build.ImportDir(dir, 0)
	require.NoError(t, err)
	byName := map[string]string{}
	for _, name := range pkg.GoFiles {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.FileExports(file)
		for _, decl := range file.Decls {
			for key, node := range declarations(decl) {
				var text bytes.Buffer
				require.NoError(t, printer.Fprint(&text, fset, node))
				byName[key] += withoutBlankLines(text.String())
			}
		}
	}
	var out strings.Builder
	out.WriteString("package " + pkg.Name + "\n")
	for _, key := range slices.SortedFunc(maps.Keys(byName), compareKeys) {
		if !strings.Contains(key, ".") {
			out.WriteString("\n")
		}
		out.WriteString(byName[key])
	}
	text, err := format.Source([]byte(out.String()))
	require.NoError(t, err)
	return string(text)
}

// declarations splits a declaration into what stands by itself in the text, by a key to sort it with: Type,
// Type.Method, Func. Constants stay in their group, since their values depend on it.
func declarations(decl ast.Decl) map[string]ast.Node {
	nodes := map[string]ast.Node{}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		d.Body = nil
		key := d.Name.Name
		if d.Recv != nil {
			on := receiver(d.Recv.List[0].Type)
			if !ast.IsExported(on) {
				break
			}
			key = on + "." + key
		}
		nodes[key] = d
	case *ast.GenDecl:
		if d.Tok == token.CONST && len(d.Specs) > 0 {
			nodes[d.Specs[0].(*ast.ValueSpec).Names[0].Name] = d
			break
		}
		for _, spec := range d.Specs {
			one := &ast.GenDecl{Tok: d.Tok, Specs: []ast.Spec{spec}}
			switch s := spec.(type) {
			case *ast.TypeSpec:
				nodes[s.Name.Name] = one
			case *ast.ValueSpec:
				nodes[s.Names[0].Name] = one
			}
		}
	}
	return nodes
}

func receiver(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return expr.(*ast.Ident).Name
}

// compareKeys sorts Type before Type.Method, and both before Typed.
func compareKeys(a, b string) int {
	typeA, methodA, _ := strings.Cut(a, ".")
	typeB, methodB, _ := strings.Cut(b, ".")
	return cmp.Or(strings.Compare(typeA, typeB), strings.Compare(methodA, methodB))
}

// withoutBlankLines removes the blank lines that the comments of a declaration leave.
func withoutBlankLines(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text + "\n") {
		if strings.TrimSpace(line) != "" {
			out.WriteString(line)
		}
	}
	return out.String()
}
