//! The words of receipts and slips, in Chinese and English.

/// Language of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Lang {
    /// 简体中文.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Lang {
    /// Whether nothing else was asked for.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

macro_rules! labels {
    ($($name:ident: $zh:literal, $en:literal;)+) => {
        /// The words of one language.
        pub(super) struct Labels { $(pub(super) $name: &'static str),+ }

        const ZH: Labels = Labels { $($name: $zh),+ };
        const EN: Labels = Labels { $($name: $en),+ };
    };
}

labels! {
    phone: "电话", "Tel";
    till: "收银机", "Till";
    cashier: "收银员", "Cashier";
    number: "单号", "No.";
    reprint: "补打第 {n} 次", "REPRINT NO. {n}";
    item: "品名/数量", "Item/Qty";
    price: "单价", "Price";
    amount: "金额", "Amount";
    list_price: "原价", "Was";
    discount: "优惠", "Discount";
    about: "约", "ca. ";
    piece: "件", "pc";
    pieces: "件数", "Items";
    total: "合计", "Total";
    rounding: "抹零", "Rounding";
    due: "应收", "To pay";
    received: "实收", "Received";
    change: "找零", "Change";
    reference: "参考号", "Ref.";
    not_invoice: "购物凭证，非发票；凭此小票开票", "Proof of purchase, not an invoice; bring it to be invoiced";
    invoice_code: "开票码", "Invoice code";
    refund: "退货单", "REFUND";
    original: "原单号", "Sale no.";
    unverified: "离线退货，原单由总部核对", "Offline refund: HQ checks the sale";
    restock: "重新上架", "restock";
    loss: "报损", "write-off";
    refunded: "应退", "Refunded";
    held_before: "补付前次抹零", "Odd fen of before";
    approver: "批准人", "Approved by";
    audited_by: "对账人", "Audited by";
    sign_customer: "顾客签名", "Customer";
    sign_cashier: "收银员签名", "Cashier";
    sign_supervisor: "主管签名", "Supervisor";
    shift_close: "班结单", "SHIFT CLOSE";
    audit: "中途对账单", "DRAWER AUDIT";
    day_close: "日结单", "DAY CLOSE";
    cash_drop: "缴款单", "CASH DROP";
    exchange: "换零单", "COIN EXCHANGE";
    add_float: "备用金追加单", "FLOAT ADDED";
    shift: "班次", "Shift";
    from: "开班", "Opened";
    date: "营业日", "Business date";
    float: "备用金", "Float";
    moved: "缴款与追加", "Drops and float";
    counted: "实点", "Counted";
    expected: "应有", "Expected";
    difference: "长短款", "Over/short";
    takings: "净收款", "Net takings";
    sales: "销售笔数", "Sales";
    refunds: "退货笔数", "Refunds";
    last_number: "末单号", "Last number";
    tax: "税", "Tax";
    net: "不含税", "Net";
    sum: "金额", "Amount";
    test: "打印测试", "TEST PAGE";
}

impl Lang {
    pub(super) fn labels(self) -> &'static Labels {
        match self {
            Self::ZhCn => &ZH,
            Self::En => &EN,
        }
    }
}
