//! Stations with real journals and real signatures, and their pushes made beforehand: what is measured is the hub.

use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_journal::{
    Certificate, CertificateId, Chain, Enrolment, Hash, Parent, SegmentId, SigningKey, StationId, push_record,
};
use suanpan_station::{Clock, SystemClock};
use suanpan_sync::{Dictionary, Push, RequestAuth, RequestFacts, Start};
use suanpan_tests::sales::{DATE, START_MS, mixed, usual_sale};

/// A station that sells.
#[derive(Clone)]
pub(crate) struct Station {
    pub(crate) id: StationId,
    pub(crate) key: SigningKey,
    number: u16,
    chain: Chain,
    sales: u32,
    date: u32,
    /// The printed number of the date's last sale.
    printed: u32,
    /// Between two sales.
    pause_ms: i64,
    requests: u64,
}

impl Station {
    /// The nth station.
    pub(crate) fn new(number: u16) -> Station {
        let bytes = |kind: u8| {
            let mut bytes = [kind; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            bytes
        };
        let id = u128::from(mixed(u64::from(number))) << 64 | u128::from(mixed(!u64::from(number)));
        let id = StationId(id.to_be_bytes());
        let segment = SegmentId(bytes(2)[..16].try_into().expect("sixteen bytes"));
        let key = SigningKey::from_seed(&bytes(3));
        let chain = Chain::open(id, segment, &Parent::ROOT);
        Station { id, key, number, chain, sales: 0, date: DATE, printed: 0, pause_ms: 10_000, requests: 0 }
    }

    /// Sells on another date from now on, at a pace that fills it from morning to evening.
    pub(crate) fn begin_day(&mut self, date: u32) {
        (self.date, self.printed, self.pause_ms) = (date, 0, 40_000);
    }

    /// What it shows to a hub that does not know it.
    pub(crate) fn certificate(&self, hub: &SigningKey) -> Certificate {
        let mut id = [4; 16];
        id[..2].copy_from_slice(&self.number.to_be_bytes());
        let enrolment = Enrolment {
            id: CertificateId(id),
            station: self.id,
            site: format!("S{:03}", self.number / 4).parse().expect("a site code"),
            till: self.number % 4 + 1,
            public_key: self.key.public(),
            issued_at_ms: START_MS,
        };
        Certificate::issue(enrolment, hub)
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// The segment that it writes.
    pub(crate) fn segment(&self) -> SegmentId {
        self.chain.segment
    }

    /// The next push, and the hash of its last entry.
    pub(crate) fn push_and_head(&mut self, sales: u32) -> (Vec<u8>, Hash) {
        (self.push(sales), self.chain.hash)
    }

    /// The next push, of so many sales: its body.
    pub(crate) fn push(&mut self, sales: u32) -> Vec<u8> {
        self.sealed(sales).encode()
    }

    /// The next push without a dictionary, and packed by it.
    pub(crate) fn push_by(&mut self, sales: u32, dictionary: &Dictionary) -> (Vec<u8>, Vec<u8>) {
        let push = self.sealed(sales);
        (push.encode(), push.packed_by(dictionary).expect("it is smaller").encode())
    }

    /// The next push.
    fn sealed(&mut self, sales: u32) -> Push {
        let start = match self.chain.seq {
            0 => Start::Opening(Parent::ROOT),
            seq => Start::After { seq, hash: self.chain.hash },
        };
        let mut records = Vec::new();
        for _ in 0..sales {
            (self.sales, self.printed) = (self.sales + 1, self.printed + 1);
            let nth = self.sales;
            let Entry::Sale(mut sold) = usual_sale(u64::from(self.number), nth) else {
                unreachable!("it is a sale")
            };
            let dice = mixed(u64::from(self.number) << 32 | u64::from(nth));
            let at_ms = START_MS + i64::from(nth) * self.pause_ms + i64::from(dice as u16 % 9_000);
            let mut random = [0; 10];
            random[..8].copy_from_slice(&dice.to_be_bytes());
            random[8..].copy_from_slice(&mixed(dice).to_be_bytes()[..2]);
            sold.id = Id::mint(at_ms, random);
            sold.number = self.printed;
            sold.shift = Id::mint(START_MS, self.id.0[..10].try_into().expect("ten bytes"));
            let entry = Entry::Sale(sold);
            let payload = entry.encode().expect("a sale");
            let header = self.chain.append(at_ms, self.date, entry.kind(), &payload).expect("room");
            push_record(&mut records, &header, &payload);
        }
        Push::seal(&self.key, self.id, self.chain.segment, start, &records).expect("a push")
    }

    /// A whole signed HTTP request that posts a body.
    pub(crate) fn request(&mut self, path: &str, body: &[u8]) -> Vec<u8> {
        self.signed("POST", path, body)
    }

    /// A whole signed HTTP request that asks.
    pub(crate) fn get(&mut self, path: &str) -> Vec<u8> {
        self.signed("GET", path, b"")
    }

    fn signed(&mut self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        self.requests += 1;
        let mut nonce = [5; 16];
        nonce[..2].copy_from_slice(&self.number.to_be_bytes());
        nonce[2..10].copy_from_slice(&self.requests.to_be_bytes());
        let facts = RequestFacts { method, path, body };
        let auth = RequestAuth::sign(&self.key, self.id, &facts, SystemClock.now_ms(), nonce, None);
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: hub\r\nauthorization: {}\r\ncontent-length: {}\r\n\r\n",
            auth.header(),
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    }
}
