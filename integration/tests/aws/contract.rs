use crate::desk::Desk;

#[tokio::test]
async fn the_contract_holds_over_the_real_sdk() {
    seaway_testkit::contract::check::<Desk>().await;
}
