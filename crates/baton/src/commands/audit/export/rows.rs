//! Access rows by commitment, page after page, each with the size it was read at.
//!
//! JSON lines: `{"page":{"tree_size":42,"rows":2,"last":false}}`, then that many times
//! `{"table":"setting","key":"stg_…","commitment":"hex"}`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use baton_client::Client;
use baton_wire::v1;
use serde_json::json;

use crate::commands::audit::entries::hex;
use crate::commands::audit::layout::{self, Folder};
use crate::output::Output;

/// Writes them into a new file; answers it and the number of rows.
pub(super) async fn read(
    client: &Client,
    folder: &Folder,
    output: Output,
) -> anyhow::Result<(PathBuf, u64)> {
    let beside = folder.beside(&layout::access_rows(0))?;
    let mut file = BufWriter::new(layout::create(&beside)?);
    let bar = output.bar(0, "access rows");
    let mut request = v1::ListAccessRowsRequest {
        page_size: 5_000,
        ..Default::default()
    };
    let mut rows = 0;
    loop {
        let page = client.list_access_rows(request.clone()).await?;
        let last = page.next_page_token.is_empty();
        let head = json!({ "page": {
            "tree_size": page.tree_size, "rows": page.rows.len(), "last": last,
        }});
        writeln!(file, "{head}")?;
        for row in &page.rows {
            let commitment = hex(&row.commitment);
            let line = json!({ "table": row.table, "key": row.key, "commitment": commitment });
            writeln!(file, "{line}")?;
        }
        rows += u64::try_from(page.rows.len())?;
        bar.set_position(rows);
        if last {
            break;
        }
        request.page_token = page.next_page_token;
    }
    bar.finish_and_clear();
    file.into_inner()?.sync_all()?;
    Ok((beside, rows))
}
