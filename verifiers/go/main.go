// Checks a ledger that `baton audit export` wrote, with the Go project's own transparency log
// packages (golang.org/x/mod/sumdb) and nothing of Baton.
//
// Usage: verify [-seed N] [-proofs N] [-min N] [-proof FILE] FOLDER VKEY
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const width = 1 << height

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func main() {
	seed := flag.Int64("seed", 1, "of the choice of proofs")
	proofs := flag.Int("proofs", 1000, "inclusion proofs, and as many consistency proofs")
	least := flag.Int64("min", 0, "fail if there are fewer entries")
	proof := flag.String("proof", "", "a .tlog-proof of an entry of this ledger, checked too")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := verify(flag.Arg(0), flag.Arg(1), *seed, *proofs, *least, *proof); err != nil {
		fmt.Println("does not hold:", err)
		os.Exit(1)
	}
}

func verify(folder, vkey string, seed int64, proofs int, least int64, portable string) error {
	verifier, err := handedOver(folder, vkey)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if tree.size < least {
		return fmt.Errorf("%d entries, fewer than %d", tree.size, least)
	}
	hashes, err := fromEntries(folder, tree.size)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(tree.size, hashes)
	if err != nil {
		return err
	}
	if root != tree.root {
		return errors.New("the root over the entries is not the signed one")
	}
	if err := checkTiles(folder, tree.size, hashes); err != nil {
		return err
	}
	if err := checkProofs(folder, tree, hashes, rand.New(rand.NewSource(seed)), proofs); err != nil {
		return err
	}
	if portable != "" {
		if err := checkPortable(portable, verifier, tree.size, hashes); err != nil {
			return fmt.Errorf("%s: %w", portable, err)
		}
	}
	fmt.Printf("holds: %s, %d entries, %d inclusion and %d consistency proofs\n",
		tree.origin, tree.size, proofs, proofs)
	return nil
}

// keys of one ledger: each handed over to the next.
type keys []note.Verifier

func (k keys) Name() string { return k[0].Name() }

// handedOver is the key, and those after it: a hand-over is signed by the key before and the new one.
func handedOver(folder, vkey string) (keys, error) {
	first, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	known, last := keys{first}, vkey
	for number := 1; number <= 64; number++ {
		file := filepath.Join(folder, "baton", "log-key-handovers", strconv.Itoa(number))
		signed, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		text, _, _ := strings.Cut(string(signed), "\n\n")
		lines := strings.Split(text, "\n")
		if len(lines) != 4 || lines[1] != last {
			continue // of before the key that is held
		}
		next, err := note.NewVerifier(lines[2])
		if err != nil || lines[0] != "baton/log-key/v1" || next.Name() != first.Name() {
			return nil, fmt.Errorf("%s is no hand-over of this key", file)
		}
		for _, key := range []note.Verifier{known[len(known)-1], next} {
			opened, err := note.Open(signed, note.VerifierList(key))
			if err != nil || opened.Text != text+"\n" {
				return nil, fmt.Errorf("%s: a hand-over that was not signed by both keys", file)
			}
		}
		known, last = append(known, next), lines[2]
	}
	return known, nil
}

// open reads a checkpoint. (tlog.ParseTree wants the first line of the Go checksum database.)
func open(signed []byte, verifier keys) (checkpoint, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier...))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return checkpoint{}, errors.New("not three lines under the name of the key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || strconv.FormatInt(size, 10) != lines[1] {
		return checkpoint{}, errors.New("no size")
	}
	root, err := tlog.ParseHash(lines[2])
	return checkpoint{lines[0], size, root}, err
}

// stored is every hash of the tree, by tlog.StoredHashIndex.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var read []tlog.Hash
	for _, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		read = append(read, s[index])
	}
	return read, nil
}

// fromEntries hashes every entry again. Where a bundle was pruned its level 0 tile stands for it.
func fromEntries(folder string, size int64) (stored, error) {
	var hashes stored
	for start := int64(0); start < size; start += width {
		tile := tlog.Tile{H: height, L: 0, N: start / width, W: int(min(width, size-start))}
		leaves, err := leavesOf(folder, tile)
		if err != nil {
			return nil, err
		}
		for at, leaf := range leaves {
			more, err := tlog.StoredHashesForRecordHash(start+int64(at), leaf, hashes)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, more...)
		}
	}
	return hashes, nil
}

func leavesOf(folder string, tile tlog.Tile) ([]tlog.Hash, error) {
	bundle := strings.Replace(path(tile), "tile/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(folder, bundle))
	var leaves []tlog.Hash
	if errors.Is(err, os.ErrNotExist) {
		pruned := strings.Replace(bundle, "tile/entries/", "baton/pruned/", 1)
		if _, err := os.Stat(filepath.Join(folder, pruned)); err != nil {
			return nil, fmt.Errorf("%s is missing", bundle)
		}
		kept, err := os.ReadFile(filepath.Join(folder, path(tile)))
		if err != nil || len(kept) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is missing or cut", path(tile))
		}
		for at := 0; at < tile.W; at++ {
			var leaf tlog.Hash
			copy(leaf[:], kept[at*tlog.HashSize:])
			leaves = append(leaves, leaf)
		}
		return leaves, nil
	}
	if err != nil {
		return nil, err
	}
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s is cut", bundle)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		leaves = append(leaves, tlog.RecordHash(data[2:end]))
		data = data[end:]
	}
	if len(leaves) != tile.W {
		return nil, fmt.Errorf("%s has %d entries, not %d", bundle, len(leaves), tile.W)
	}
	return leaves, nil
}

// checkTiles compares every tile of the tree with what the entries make of it.
func checkTiles(folder string, size int64, hashes stored) error {
	for _, tile := range tilesOf(size) {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(folder, path(tile)))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not what the entries hash to", path(tile))
		}
	}
	return nil
}

// tilesOf lists the tiles of a tree. (tlog.NewTiles has every width on the way besides.)
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size>>(height*level) > 0; level++ {
		nodes := size >> (height * level)
		for start := int64(0); start < nodes; start += width {
			tile := tlog.Tile{H: height, L: level, N: start / width, W: int(min(width, nodes-start))}
			tiles = append(tiles, tile)
		}
	}
	return tiles
}

// checkProofs makes proofs out of the tiles alone and checks them.
func checkProofs(folder string, tree checkpoint, hashes stored, choice *rand.Rand, count int) error {
	tiles := tlog.TileHashReader(tlog.Tree{N: tree.size, Hash: tree.root}, onDisk(folder))
	for i := 0; i < count; i++ {
		size := 1 + choice.Int63n(tree.size)
		root, err := tlog.TreeHash(size, tiles)
		if err != nil {
			return err
		}
		index := choice.Int63n(size)
		inclusion, err := tlog.ProveRecord(size, index, tiles)
		if err != nil {
			return err
		}
		leaf := hashes[tlog.StoredHashIndex(0, index)]
		if err := tlog.CheckRecord(inclusion, size, root, index, leaf); err != nil {
			return fmt.Errorf("entry %d of %d: %w", index, size, err)
		}
		if tlog.CheckRecord(inclusion, size, root, index, tlog.RecordHash(leaf[:])) == nil {
			return fmt.Errorf("entry %d of %d: the proof holds for another entry", index, size)
		}
		consistency, err := tlog.ProveTree(tree.size, size, tiles)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(consistency, tree.size, tree.root, size, root); err != nil {
			return fmt.Errorf("from %d to %d: %w", size, tree.size, err)
		}
	}
	return nil
}

// checkPortable checks a C2SP tlog-proof for the entry of the ledger that it names.
func checkPortable(file string, verifier keys, size int64, hashes stored) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.DecodeString(lines[0][len("extra "):]); err != nil {
			return err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index")
	}
	index, err := strconv.ParseInt(lines[0][len("index "):], 10, 64)
	if err != nil || index < 0 || index >= size {
		return errors.New("no such index")
	}
	var inclusion tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		inclusion = append(inclusion, hash)
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return err
	}
	leaf := hashes[tlog.StoredHashIndex(0, index)]
	return tlog.CheckRecord(inclusion, tree.size, tree.root, index, leaf)
}

// onDisk reads tiles where C2SP tlog-tiles puts them; the Go checksum database has the height in
// its paths, too.
type onDisk string

func (folder onDisk) Height() int { return height }

func (folder onDisk) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(folder), path(tile)))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (folder onDisk) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
