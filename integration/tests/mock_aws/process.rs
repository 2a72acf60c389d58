use seaway_integration::Moto;
use seaway_integration::mock_aws::MockAws;
use tokio::net::TcpStream;

#[tokio::test]
async fn several_run_at_once_and_end_when_dropped() {
    let (one, other) = tokio::join!(Moto::start(), Moto::start());
    assert_ne!(one.address(), other.address());
    let aws = MockAws::start(&one).await;
    aws.seed("test").await;
    let at = one.address();
    drop(one);
    assert!(TcpStream::connect(at).await.is_err());
    assert!(TcpStream::connect(other.address()).await.is_ok());
}
