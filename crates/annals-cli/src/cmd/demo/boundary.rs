//! A rule across streams: no two accounts with one email address.

use annals::{Append, ErrorKind, ExpectedVersion, Query, QueryItem};

use super::{
    bank::{Bank, account, email, opened},
    teller::Teller,
};
use crate::failure::{OrFail, Result};

pub(super) fn unique_email(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("An email address may have one account: a condition instead of a lock")?;
    // What the clerk looked at is what the append is conditional on.
    let taken =
        |owner: &str| -> Result<Query> { Ok(Query::any_of([QueryItem::tags([email(owner)?])])?) };
    let register = |bank: &mut Bank, name: &str, owner: &str| -> Result<_> {
        let event = opened(owner)?;
        let append = Append::to(account(name)?, ExpectedVersion::NoStream, [event]);
        Ok(bank.append(append.unless(taken(owner)?, None)))
    };
    register(bank, "dora", "dora")?.or_fail(|| "a free address was refused")?;
    teller.claim(true, "account-dora is opened: nobody has dora@example.com")?;
    let head = bank.head()?;
    let Err(refused) = register(bank, "dora2", "dora")? else {
        return teller.claim(false, "a second account with the address is refused");
    };
    teller.show(&refused.to_string())?;
    let matched = refused.condition_failed().map(|facts| facts.position);
    teller.claim(
        refused.kind() == ErrorKind::ConditionFailed && matched == head,
        "account-dora2 is refused, although its stream is another one",
    )?;
    teller.claim(bank.head()? == head, "nothing was written")
}
