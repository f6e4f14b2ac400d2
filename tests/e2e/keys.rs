//! How many presses a sale takes, and what a scanner can never press.

use suanpan_tests::catalogue::{gtin, label, rows};
use suanpan_tests::e2e::Display;
use suanpan_tests::rig::Rig;

use crate::counter::{SMALL, open_shift, open_till, sign_in};

#[tokio::test]
async fn cashier_takes_money_in_the_promised_number_of_presses() {
    let display = Display::start(SMALL.0, SMALL.1);
    let rig = Rig::stopped(&rows(), None);
    let mut window = open_till(&display, rig.dir.path(), SMALL).await;
    sign_in(&mut window, "1101", "3141").await;
    open_shift(&mut window, "300").await;
    let sales = [("+ Enter", 2, "0.00"), ("+ F7", 2, "57.10"), ("+ 5 4 Enter", 4, "11.10")];
    for (keys, presses, change) in sales {
        window.scan(&gtin("690000000001")).await;
        window.wait_text("due", "42.90").await;
        window.take_presses();
        window.press_all(keys).await;
        window.wait_text("change", change).await;
        assert_eq!(window.take_presses(), presses, "{keys}");
    }
    window.scan(&label(1001, 482, 386)).await;
    window.wait_text("due", "3.86").await;
    window.close().await;
}
