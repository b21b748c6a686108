//! Prices that change while customers look at them: an order at a displayed price is taken if
//! the price holds, or held within the last ten minutes, for each of its products.

use annals::*;
use serde::{Deserialize, Serialize};

use crate::stores::{block_on, on_each_store};

const GRACE_MICROS: i64 = 10 * 60 * 1_000_000;
const MINUTE_MICROS: i64 = 60 * 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(prefix = "shop")]
enum ShopEvent {
    Priced {
        #[tag]
        product: String,
        cents: u64,
        at_micros: i64,
    },
    Ordered {
        #[tag("product")]
        first: String,
        #[tag("product")]
        second: Option<String>,
    },
}
use ShopEvent::{Ordered, Priced};

/// The prices of a product, and since when.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Product {
    prices: Vec<(u64, i64)>,
}

#[aggregate(tag = "product", key = String)]
impl Aggregate for Product {
    type Event = ShopEvent;

    fn apply(&mut self, event: &ShopEvent) {
        if let Priced { cents, at_micros, .. } = event {
            self.prices.push((*cents, *at_micros));
        }
    }
}

impl Product {
    /// Whether this price holds, or did so until less than the time of grace ago.
    fn accepts(&self, cents: u64, now: Timestamp) -> bool {
        let ends = self.prices.iter().skip(1).map(|(_, at)| *at).chain([i64::MAX]);
        self.prices.iter().zip(ends).any(|((price, _), end)| {
            *price == cents && end.saturating_add(GRACE_MICROS) >= now.as_micros()
        })
    }
}

fn price(app: &Annals, product: &'static str, cents: u64) {
    let set = app.transact(&product.to_owned(), move |state: &mut Changes<'_, Product>| {
        let at_micros = state.now().as_micros();
        state.emit(Priced { product: product.into(), cents, at_micros });
        Ok::<_, &'static str>(())
    });
    block_on(set).unwrap();
}

fn order(app: &Annals, displayed: &[(&'static str, u64)]) -> Option<&'static str> {
    let keys: Vec<String> = displayed.iter().map(|(product, _)| (*product).to_owned()).collect();
    let displayed = displayed.to_vec();
    let order = app.transact(&keys, move |state: &mut Changes<'_, Vec<Product>>| {
        let now = state.now();
        if !state.iter().zip(&displayed).all(|(product, (_, cents))| product.accepts(*cents, now)) {
            return Err("not the price");
        }
        let name = |index: usize| displayed.get(index).map(|(product, _)| (*product).to_owned());
        state.emit(Ordered { first: name(0).unwrap_or_default(), second: name(1) });
        Ok(())
    });
    block_on(order).err().and_then(|error| error.rejection().copied())
}

#[test]
fn an_order_is_taken_at_the_displayed_price_for_a_while() {
    on_each_store(|site| {
        let app = site.app();
        assert_eq!(order(&app, &[("p1", 100)]), Some("not the price"));
        price(&app, "p1", 100);
        assert_eq!(order(&app, &[("p1", 100)]), None);
        assert_eq!(order(&app, &[("p1", 99)]), Some("not the price"));
        site.clock.advance_micros(60 * MINUTE_MICROS);
        price(&app, "p1", 120);
        site.clock.advance_micros(9 * MINUTE_MICROS);
        assert_eq!(order(&app, &[("p1", 100)]), None);
        assert_eq!(order(&app, &[("p1", 120)]), None);
        site.clock.advance_micros(2 * MINUTE_MICROS);
        assert_eq!(order(&app, &[("p1", 100)]), Some("not the price"));
        assert_eq!(order(&app, &[("p1", 120)]), None);
    });
}

#[test]
fn an_order_of_several_products_needs_every_price() {
    on_each_store(|site| {
        let app = site.app();
        price(&app, "p1", 100);
        price(&app, "p2", 200);
        assert_eq!(order(&app, &[("p1", 100), ("p2", 200)]), None);
        assert_eq!(order(&app, &[("p1", 100), ("p2", 199)]), Some("not the price"));
        price(&app, "p2", 210);
        assert_eq!(order(&app, &[("p1", 100), ("p2", 200)]), None);
        site.clock.advance_micros(11 * MINUTE_MICROS);
        assert_eq!(order(&app, &[("p1", 100), ("p2", 200)]), Some("not the price"));
        assert_eq!(order(&app, &[("p2", 210), ("p1", 100)]), None);
    });
}
