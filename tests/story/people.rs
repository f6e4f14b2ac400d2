//! Signing in, lockouts, relief.

use suanpan_contract::pos::{Command, Prompt, Screen};
use suanpan_contract::{Code, Outcome};
use suanpan_tests::catalogue::{CARD, gtin};
use suanpan_tests::rig::{MINUTE, Rig};

#[test]
fn a_lockout_survives_a_restart_and_ends_after_five_minutes() {
    let mut rig = Rig::new();
    for left in [4, 3, 2, 1] {
        let message = rig.sign_in("1101", "0000").message.expect("a warning");
        assert_eq!(message.code, Code::SignInWrong);
        assert_eq!(message.args["left"], left.to_string());
    }
    let message = rig.sign_in("1101", "0000").message.expect("a lockout");
    assert_eq!((message.code, message.args["until"].as_str()), (Code::LockedOut, "09:05"));
    rig.restart();
    rig.clock.pass(4 * MINUTE);
    let view = rig.sign_in("1101", "3141");
    assert_eq!(view.message.map(|message| message.code), Some(Code::LockedOut), "the right PIN too");
    rig.clock.pass(MINUTE);
    assert_eq!(rig.sign_in("1101", "3141").screen, Screen::OpenShift);
}

#[test]
fn a_refusal_says_what_may_help() {
    let rig = Rig::new();
    let tried = |pin: &str| {
        let sign_in = Command::SignIn { staff: "1101".into(), pin: pin.into(), relieve: false };
        rig.send(sign_in).outcome
    };
    assert_eq!([(); 4].map(|()| tried("0000")), [Outcome::Mistyped; 4]);
    assert_eq!([tried("0000"), tried("3141")], [Outcome::LockedOut; 2]);
    rig.clock.pass(5 * MINUTE);
    assert_eq!(tried("3141"), Outcome::Done);
    rig.open_shift();
    assert_eq!(rig.send(Command::RefundLookup { number: "9999".into() }).outcome, Outcome::Unknown);
    assert_eq!(rig.send(Command::Confirm).outcome, Outcome::Refused);
}

#[test]
fn a_manager_lifts_a_lockout_offline_and_a_supervisor_does_not() {
    let rig = Rig::new();
    for _ in 0..5 {
        rig.sign_in("1101", "0000");
    }
    let lift = Command::LiftLockout { staff: "1101".into() };
    let prompt = rig.view(lift).prompt;
    assert!(matches!(prompt, Some(Prompt::Approve { needs_manager: true, .. })), "{prompt:?}");
    assert_eq!(
        rig.supervisor_approves().message.map(|message| message.code),
        Some(Code::NotAllowedManager),
        "it is a manager who is wanted"
    );
    assert_eq!(rig.approve("1901", "9357").message.map(|message| message.code), Some(Code::LockoutLifted));
    assert_eq!(rig.sign_in("1101", "3141").screen, Screen::OpenShift);
}

#[test]
fn a_wrong_approver_pin_counts_towards_a_lockout() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::OpenDrawer);
    for _ in 0..5 {
        rig.approve("1801", "0000");
    }
    assert_eq!(rig.supervisor_approves().message.map(|message| message.code), Some(Code::LockedOut));
    assert!(rig.prompt().is_some());
}

#[test]
fn an_unknown_staff_number_is_told_as_a_wrong_pin() {
    let rig = Rig::new();
    let view = rig.sign_in("8246", "1801");
    assert_eq!(view.message.map(|message| message.code), Some(Code::SignInWrong));
    assert_eq!(view.screen, Screen::SignIn);
}

#[test]
fn a_card_signs_in_and_a_barcode_is_not_a_card() {
    let rig = Rig::new();
    assert_eq!(rig.scan(&gtin("690000000001")).message.map(|message| message.code), Some(Code::CardUnknown));
    let view = rig.scan(CARD);
    assert_eq!(view.status.cashier.as_deref(), Some("员工1801"));
    assert!(view.status.is_supervisor);
}

#[test]
fn another_cashier_relieves_the_shift_with_its_basket() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(Command::Lock);
    let view = rig.sign_in("1102", "2718");
    assert_eq!(view.prompt, Some(Prompt::Relieve { cashier: "员工1101".into() }));
    assert_eq!(view.screen, Screen::SignIn);
    let view = rig.view(Command::Confirm);
    assert_eq!(view.message.map(|message| message.code), Some(Code::Relieved));
    assert_eq!(view.status.shift_cashier.as_deref(), Some("员工1102"));
    assert!(rig.pay_exact().closed.is_some());
}

#[test]
fn nothing_is_sold_by_nobody_or_without_a_shift() {
    let rig = Rig::new();
    let add = || Command::AddItem { item: "2001".into() };
    assert_eq!(rig.said(add()), Some(Code::NotSignedIn));
    rig.sign_in("1101", "3141");
    assert_eq!(rig.said(add()), Some(Code::ShiftNotOpen));
    assert!(rig.lines().is_empty());
}

#[test]
fn a_supervisor_looks_in_and_relieves_before_ringing() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Lock);
    assert_eq!(rig.sign_in("1801", "8246").screen, Screen::Selling);
    let view = rig.scan(&gtin("690000000001"));
    assert!(matches!(view.prompt, Some(Prompt::Relieve { .. })), "{:?}", view.prompt);
    assert!(view.basket.lines.is_empty());
    rig.view(Command::Confirm);
    assert_eq!(rig.scan(&gtin("690000000001")).basket.lines.len(), 1);
}

#[test]
fn wrong_pins_count_only_in_a_row_also_for_who_only_approves() {
    let rig = Rig::new();
    rig.open_shift();
    for _ in 0..3 {
        rig.view(Command::OpenDrawer);
        for _ in 0..4 {
            rig.approve("1801", "0000");
        }
        assert_eq!(rig.supervisor_approves().prompt, None);
    }
}
