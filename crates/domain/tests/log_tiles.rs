//! Paths and contents of tiles, after the worked cases of C2SP tlog-tiles.

use baton_domain::log::Hash;
use baton_domain::log::tile::{
    Kind, MAX_LEVEL, TileError, TilePath, node_count, read_bundle, read_hashes, write_bundle,
    write_hashes,
};
use proptest::prelude::*;

fn in_tree(kind: Kind, index: u64, size: u64) -> Option<String> {
    TilePath::in_tree(kind, index, size).map(|path| path.to_string())
}

#[test]
fn the_worked_case_of_70_000_entries() {
    let path = |level, index| in_tree(Kind::Hashes(level), index, 70_000);
    assert_eq!(path(0, 272).as_deref(), Some("tile/0/272"));
    assert_eq!(path(0, 273).as_deref(), Some("tile/0/273.p/112"));
    assert_eq!(path(0, 274), None);
    assert_eq!(path(1, 0).as_deref(), Some("tile/1/000"));
    assert_eq!(path(1, 1).as_deref(), Some("tile/1/001.p/17"));
    assert_eq!(path(2, 0).as_deref(), Some("tile/2/000.p/1"));
    assert_eq!(path(3, 0), None);
    let bundle = in_tree(Kind::Entries, 273, 70_000);
    assert_eq!(bundle.as_deref(), Some("tile/entries/273.p/112"));
}

#[test]
fn a_tree_of_256_entries_has_a_full_tile_and_one_of_width_1() {
    let path = |level, index| in_tree(Kind::Hashes(level), index, 256);
    assert_eq!(path(0, 0).as_deref(), Some("tile/0/000"));
    assert_eq!(path(0, 1), None);
    assert_eq!(path(1, 0).as_deref(), Some("tile/1/000.p/1"));
    assert_eq!(in_tree(Kind::Hashes(0), 0, 0), None);
    assert_eq!(in_tree(Kind::Hashes(0), u64::MAX, u64::MAX), None);
}

#[test]
fn an_index_is_cut_into_groups_of_three_digits() {
    let path = |index| {
        TilePath {
            kind: Kind::Hashes(7),
            index,
            partial: None,
        }
        .to_string()
    };
    assert_eq!(path(0), "tile/7/000");
    assert_eq!(path(999), "tile/7/999");
    assert_eq!(path(1_000), "tile/7/x001/000");
    assert_eq!(path(1_234_067), "tile/7/x001/x234/067");
    assert_eq!(path(u64::MAX), "tile/7/x018/x446/x744/x073/x709/x551/615");
}

#[test]
fn one_tile_has_one_path() {
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+1/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/x/000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/x001/00",
        "tile/0/xx01/000",
        "tile/0/x001//000",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/+00",
        "tile/0/000 ",
        "tile/entries/0",
        "tile/Entries/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/8/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(path.parse::<TilePath>().is_err(), "{path}");
    }
}

#[test]
fn a_bundle_is_lengths_and_entries() {
    let bytes = write_bundle(&[&b"ab"[..], b"", b"c"]).expect("a bundle");
    assert_eq!(bytes, b"\x00\x02ab\x00\x00\x00\x01c");
    assert_eq!(read_bundle(&bytes), Ok(vec![&b"ab"[..], b"", b"c"]));
    assert_eq!(read_bundle(b""), Err(TileError::Width));
    assert_eq!(read_bundle(b"\x00"), Err(TileError::Cut));
    assert_eq!(read_bundle(b"\x00\x02a"), Err(TileError::Cut));
    assert_eq!(
        read_bundle(&[0; 2 * 256]).map(|entries| entries.len()),
        Ok(256)
    );
    assert_eq!(read_bundle(&[0; 2 * 257]), Err(TileError::Width));
    assert_eq!(write_bundle::<&[u8]>(&[]), Err(TileError::Width));
    assert_eq!(write_bundle(&[b""; 257]), Err(TileError::Width));
    assert!(write_bundle(&[vec![0; 65_535]]).is_ok());
    assert_eq!(
        write_bundle(&[vec![0; 65_536]]),
        Err(TileError::EntryTooLong)
    );
}

#[test]
fn a_tile_is_its_hashes() {
    let hashes = [Hash::new([1; 32]), Hash::new([2; 32])];
    let bytes = write_hashes(&hashes);
    assert_eq!(bytes, [[1; 32], [2; 32]].concat());
    assert_eq!(read_hashes(&bytes).as_deref(), Ok(&hashes[..]));
    assert_eq!(read_hashes(&bytes[1..]), Err(TileError::Cut));
    assert_eq!(read_hashes(&[]), Err(TileError::Width));
    assert_eq!(read_hashes(&[0; 8_192]).map(|hashes| hashes.len()), Ok(256));
    assert_eq!(read_hashes(&[0; 257 * 32]), Err(TileError::Width));
}

fn any_path() -> impl Strategy<Value = TilePath> {
    let kind = prop_oneof![Just(Kind::Entries), (0..=MAX_LEVEL).prop_map(Kind::Hashes)];
    let index = (0_u32..64).prop_flat_map(|bits| 0..=u64::MAX >> bits);
    let partial = prop::option::of(any::<std::num::NonZeroU8>());
    (kind, index, partial).prop_map(|(kind, index, partial)| TilePath {
        kind,
        index,
        partial,
    })
}

proptest! {
    #[test]
    fn a_path_is_read_as_it_was_written(path in any_path()) {
        prop_assert_eq!(path.to_string().parse::<TilePath>(), Ok(path));
    }

    #[test]
    fn what_is_read_is_written_back(path in "tile/[0-9entris]{1,7}/[x0-9/.p+]{1,20}") {
        if let Ok(parsed) = path.parse::<TilePath>() {
            prop_assert_eq!(parsed.to_string(), path);
        }
    }

    #[test]
    fn full_tiles_stand_before_at_most_one_partial_tile(size in any::<u64>(), level in 0_u8..10) {
        let nodes = node_count(level, size);
        let tile = |index| TilePath::in_tree(Kind::Hashes(level), index, size);
        let (full, partial) = (nodes / 256, nodes % 256);
        if full > 0 {
            prop_assert_eq!(tile(full - 1).map(|path| path.partial), Some(None));
        }
        let width = tile(full).map(|path| path.partial.map_or(256, |width| width.get().into()));
        prop_assert_eq!(width, (partial > 0).then_some(partial));
        prop_assert_eq!(tile(full + 1), None);
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256),
    ) {
        let bytes = write_bundle(&entries)?;
        prop_assert_eq!(read_bundle(&bytes)?, entries);
    }

    #[test]
    fn arbitrary_bytes_are_a_bundle_in_one_way_or_none(
        bytes in prop::collection::vec(0_u8..3, 0..60),
    ) {
        if let Ok(entries) = read_bundle(&bytes) {
            prop_assert_eq!(write_bundle(&entries)?, bytes);
        }
    }
}
