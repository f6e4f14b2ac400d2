//! Puts the whole picture of the till together.

use suanpan_contract::pos::{BasketView, PayView, QuickKeyView, QuickTabView, Screen, StatusView, TillView};
use suanpan_contract::{DiskView, NetworkView, PrinterView};
use suanpan_domain::calendar;
use suanpan_domain::catalogue::{Item, QuickKey, QuickTab, Role};

use super::kinds::{Core, Shop};
use super::trade::Keys;
use super::view;
use crate::role::Unenrolled;
use crate::text;

/// Picture keys of one tab: 4 × 3.
const KEYS_MAX: usize = 12;

impl Keys {
    /// Looks every key's price up.
    pub(crate) fn read(shop: &Shop, now_ms: i64) -> Keys {
        let at_ms = shop.pricing_time(now_ms);
        let key = |key: &QuickKey| {
            let item = shop.item(&key.item, at_ms).ok().flatten();
            let price =
                item.and_then(|item| Some(text::price(shop.price(&item, at_ms).ok().flatten()?, &item.unit)));
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
        Keys { tabs: shop.trade.tabs.iter().map(tab).collect(), bags: shop.bags.iter().map(bag).collect() }
    }
}

/// Bags have no picture of their own.
const BAG_COLOUR: &str = "#d8d2c4";

impl Core {
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
            quick_tabs: shop.keys.tabs.clone(),
            bags: shop.keys.bags.clone(),
            tenders: shop.trade.tender_views(),
            last_document: shop.last.clone(),
            scale: shop.scale.view(),
        }
    }

    fn screen(&self) -> Screen {
        let (shop, desk) = (&self.shop, &self.desk);
        // Goods from before block the close of an older shift, so they are finished first.
        let is_unfinished = desk.has_lines() || !shop.parked.is_empty();
        match () {
            () if !shop.book.has_arrived || shop.trade.tenders.is_empty() => Screen::Waiting,
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
                if is_today { text::clock_text(at_ms, settings) } else { text::day_text(at_ms, settings) }
            }),
            now_ms,
            utc_offset_min: settings.utc_offset_min,
            printer: shop.printer,
            network: shop.network.view.clone(),
            to_come: shop.to_come(),
            disk: shop.disk_view(),
        }
    }
}

/// The picture of a machine that is no till yet.
pub(crate) fn unenrolled(machine: Unenrolled) -> TillView {
    let Unenrolled { revision, now_ms, language, message } = machine;
    TillView {
        revision,
        language,
        screen: Screen::Enrol,
        status: StatusView {
            store: String::new(),
            till: 0,
            cashier: None,
            is_supervisor: false,
            shift_no: None,
            shift_cashier: None,
            business_date: None,
            prices_as_of: None,
            now_ms,
            utc_offset_min: 480,
            printer: PrinterView::None,
            network: NetworkView::Offline { since: String::new(), held: 0, why: None },
            to_come: None,
            disk: DiskView::Enough,
        },
        basket: BasketView::default(),
        last_item: None,
        pay: PayView::default(),
        closed: None,
        refund: None,
        message,
        prompt: None,
        parked: vec![],
        quick_tabs: vec![],
        bags: vec![],
        tenders: vec![],
        last_document: None,
        scale: None,
    }
}
