//! Puts the whole picture of the till together.

use suanpan_contract::{DiskView, Found, QuickKeyView, QuickTabView, Reply, Screen, StatusView, TillView};
use suanpan_domain::calendar;
use suanpan_domain::catalogue::{Item, QuickKey, QuickTab, Role};
use suanpan_ledger::DiskState;

use super::core::Core;
use super::shop::Shop;
use super::view;

/// Picture keys of one tab: 4 × 3.
const KEYS_MAX: usize = 12;

/// Keys and tenders: what changes only with the catalogue or a price, and so is not looked up for every scan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    tabs: Vec<QuickTabView>,
    bags: Vec<QuickKeyView>,
}

impl Keys {
    /// Looks every key's price up.
    pub(crate) fn read(shop: &Shop, now_ms: i64) -> Keys {
        let at_ms = shop.pricing_time(now_ms);
        let key = |key: &QuickKey| {
            let item = shop.item(&key.item, at_ms).ok().flatten();
            let price =
                item.and_then(|item| Some(view::price(shop.price(&item, at_ms).ok().flatten()?, &item.unit)));
            QuickKeyView {
                item: key.item.clone(),
                label: key.label.clone(),
                colour: key.colour.clone(),
                price,
            }
        };
        let tab = |tab: &QuickTab| QuickTabView {
            id: tab.id.clone(),
            name: tab.name.clone(),
            name_en: tab.name_en.clone(),
            keys: tab.keys.iter().take(KEYS_MAX).map(key).collect(),
        };
        let bag = |item: &Item| {
            key(&QuickKey {
                item: item.code.clone(),
                label: item.name.clone(),
                colour: BAG_COLOUR.to_owned(),
            })
        };
        Keys { tabs: shop.book.tabs.iter().map(tab).collect(), bags: shop.bags.iter().map(bag).collect() }
    }
}

/// Bags have no picture of their own.
const BAG_COLOUR: &str = "#d8d2c4";

impl Core {
    /// The answer to a command.
    pub(crate) fn reply(&self, found: Option<Found>) -> Reply {
        Reply { view: self.view(), found }
    }

    /// The picture as it is now.
    pub(crate) fn view(&self) -> TillView {
        let (shop, desk) = (&self.shop, &self.desk);
        let now_ms = self.clock.now_ms();
        TillView {
            revision: self.revision,
            language: shop.settings.language,
            screen: self.screen(),
            status: self.status(now_ms),
            basket: view::basket(desk),
            last_item: desk.basket.as_ref().and_then(|basket| basket.lines.last()).map(view::last_item),
            pay: view::pay(desk, shop.book.settings.rounding),
            closed: desk.closed.clone(),
            refund: desk.refund.clone(),
            message: desk.message.clone(),
            prompt: view::prompt(shop, desk),
            parked: shop.parked.iter().map(|parked| view::parked(parked, &shop.book.settings)).collect(),
            quick_tabs: self.keys.tabs.clone(),
            bags: self.keys.bags.clone(),
            tenders: shop.book.tender_views(),
            last_document: shop.last.clone(),
            scale: shop.scale.view(),
        }
    }

    fn screen(&self) -> Screen {
        let (shop, desk) = (&self.shop, &self.desk);
        // Goods from before block the close of an older shift, so they are finished first.
        let is_unfinished = desk.has_lines() || !shop.parked.is_empty();
        match () {
            () if !shop.book.has_arrived => Screen::Waiting,
            () if desk.person.is_none() => Screen::SignIn,
            () if shop.shift.is_none() || (desk.shift_is_old && !is_unfinished) => Screen::OpenShift,
            () => Screen::Selling,
        }
    }

    fn status(&self, now_ms: i64) -> StatusView {
        let (shop, person) = (&self.shop, self.desk.person.as_ref());
        let settings = &shop.book.settings;
        let shift = shop.shift.as_ref();
        StatusView {
            store: settings.name.clone(),
            till: shop.till,
            cashier: person.map(|person| person.name.clone()),
            is_supervisor: person.is_some_and(|person| person.role >= Role::Supervisor),
            shift_no: shift.map(|shift| shift.no),
            shift_cashier: shop.shift_cashier(),
            business_date: shift.map(|shift| calendar::text(shift.business_date)),
            prices_as_of: shop.prices_at_ms.map(|at_ms| {
                let is_today = shop.clock_date(at_ms) == shop.clock_date(now_ms);
                if is_today { view::clock_text(at_ms, settings) } else { view::day_text(at_ms, settings) }
            }),
            now_ms,
            utc_offset_min: settings.utc_offset_min,
            printer: shop.printer,
            network: shop.network.view.clone(),
            to_come: shop.to_come(),
            disk: match shop.ledger.disk() {
                DiskState::Plenty => DiskView::Enough,
                DiskState::Low => DiskView::Low,
                DiskState::ReserveInUse => DiskView::ReserveInUse,
                DiskState::Full => DiskView::Full,
            },
        }
    }
}
