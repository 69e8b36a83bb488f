//! A chunk that somebody changed: no wrong byte leaves, and the auditor is told.

use baton_wire::status::Reason;

use super::{Cast, KIND, cast};
use crate::harness::*;
use crate::tamper::{undo, verified};

/// Rows of the first document that are changed; `{one}` and `{two}` are the documents' contents.
const CHANGES: [(&str, &str); 7] = [
    (
        "a byte of a chunk",
        "UPDATE chunk SET sealed = {flipped} WHERE content_id = {one} AND idx = 1",
    ),
    (
        "two chunks in each other's place",
        "UPDATE chunk SET idx = idx + 100 WHERE content_id = {one} AND idx < 2; \
         UPDATE chunk SET idx = 101 - idx WHERE content_id = {one} AND idx > 99",
    ),
    (
        "a chunk of another document",
        "UPDATE chunk SET sealed = (SELECT c.sealed FROM chunk c WHERE c.content_id = {two} \
         AND c.idx = 1) WHERE content_id = {one} AND idx = 1",
    ),
    (
        "the last chunk gone",
        "DELETE FROM chunk WHERE content_id = {one} AND idx = 2",
    ),
    (
        "shorter by its row",
        "DELETE FROM chunk WHERE content_id = {one} AND idx = 2; \
         UPDATE document SET bytes = 2097152 WHERE content_id = {one}",
    ),
    (
        "one chunk more",
        "INSERT INTO chunk SELECT content_id, 3, sealed FROM chunk \
         WHERE content_id = {one} AND idx = 1",
    ),
    (
        "another's title",
        "UPDATE content SET sealed = (SELECT c.sealed FROM content c WHERE c.content_id = {two}) \
         WHERE content_id = {one}",
    ),
];

on_both_engines! {
    async fn a_changed_chunk_is_never_given_out_and_is_found_by_verify(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let (file, other) = (plain("one", 3 * CHUNK), plain("two", 3 * CHUNK));
        let name = sender.add(&profile, (KIND, "one"), &file).await.unwrap();
        let whole = sender.add(&profile, (KIND, "two"), &other).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        assert!(verified(&connection).await.0);
        let id = name.rsplit('/').next().unwrap();
        let content = |which: &str| {
            format!("(SELECT d.content_id FROM document d WHERE d.id {which} '{id}')")
        };
        let flipped = if exchange.home.is_postgres() {
            "set_byte(sealed, 99, get_byte(sealed, 99) # 1)"
        } else {
            "CAST(substr(sealed, 1, 99) || CASE WHEN substr(sealed, 100, 1) = x'00' THEN x'01' \
             ELSE x'00' END || substr(sealed, 101) AS BLOB)"
        };
        let tables = ["chunk", "document", "content"];
        for (what, sql) in CHANGES {
            let home = &exchange.home;
            for table in tables {
                home.tamper(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
            }
            let sql = sql.replace("{one}", &content("=")).replace("{two}", &content("<>"));
            home.tamper(&sql.replace("{flipped}", flipped)).await;

            let (document, came) = receiver.download(&name).await;
            let more = what == "one chunk more";
            if more {
                assert!(document.is_ok() && came == file, "what is beyond is not read");
            } else {
                assert_eq!(refused(document).reason, Reason::Internal, "{what}");
                assert!(came.len() < file.len() && file.starts_with(&came), "{what}: a wrong byte left");
            }
            assert!(receiver.download(&whole).await.1 == other, "{what}: the other one is whole");
            let (fine, said) = verified(&connection).await;
            assert!(!fine, "{what} is not found");
            assert!(said.contains("\"kind\":\"row_changed\""), "{what}: {said}");
            for table in tables {
                home.tamper(&undo(table, &format!("kept_{table}"))).await;
            }
        }
        assert!(receiver.download(&name).await.1 == file, "as it was");
        let (fine, said) = verified(&connection).await;
        assert!(fine, "{said}");
        drop(of);
    }

    async fn verify_reads_more_documents_than_one_page_holds(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        for number in 0..3 {
            let file = plain(&format!("number {number}"), 17 * CHUNK);
            sender.add(&profile, (KIND, "large"), &file).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        let (fine, said) = verified(&connection).await;
        assert!(fine, "{said}");
        let last = "(SELECT content_id FROM document WHERE id = (SELECT max(id) FROM document))";
        exchange.home.tamper(&format!("DELETE FROM chunk WHERE idx = 16 AND content_id = {last}")).await;
        assert!(!verified(&connection).await.0, "the last of the last page");
    }
}
