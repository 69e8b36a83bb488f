//! Given and ended on two nodes while the vendor reads: what it was shown lies where it was in force.

use baton_wire::v1::Role;
use futures::future::try_join;

use super::ALL;
use crate::harness::*;

#[test]
fn what_a_vendor_does_lies_where_the_ledger_says_it_may() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, door) = exchange.second().await;
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = head
            .publish(submission(&of, typical(1, of.point)))
            .await
            .unwrap()
            .name;
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.from).await.at(&door);
        let begun = exchange.size();
        let gives = async {
            for _ in 0..15 {
                head.lets(&vendor, ALL).await?;
                head.lets_no_more("", &vendor).await?;
            }
            Answer::Ok(())
        };
        let reads = async {
            let mut seen = 0;
            for _ in 0..80 {
                seen += usize::from(client.get(&name).await.is_ok());
            }
            Answer::Ok(seen)
        };
        let ((), seen) = try_join(gives, reads).await.unwrap();
        let (mut given, mut done) = (false, 0);
        for line in exchange.lines(begun).await {
            match line.said() {
                ("delegation_added", "done") => given = true,
                ("delegation_ended", "done") => given = false,
                ("fetched", verdict) => {
                    assert_eq!(verdict == "done", given, "{}", line.text("verdict"));
                    done += usize::from(verdict == "done");
                }
                _ => {}
            }
        }
        assert_eq!(done, seen, "each is entered");
        assert!(seen > 0 && seen < 80, "{seen}: both were tried");
        exchange.holds().await;
        second.stop().await;
        exchange.end().await;
    });
}
