//! What is answered: in each service's own shape.

use super::xml::Element;
use super::{Call, Service};

const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
const REQUEST: &str = "00000000-0000-0000-0000-000000000000";

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body: XML, or JSON from the tagging API.
    pub body: String,
}

/// An error before it has the shape of a service.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u16,
}

/// What comes of a rule: nothing, or an error of AWS.
pub(crate) type Verdict = Result<(), Refusal>;

impl Answer {
    /// The answer of `ELBv2` to an action, with this in it.
    pub(crate) fn to(call: &Call, result: Vec<Element>) -> Self {
        let mut root = Element::node(
            &format!("{}Response", call.action),
            vec![
                Element::node(&format!("{}Result", call.action), result),
                Element::node("ResponseMetadata", vec![Element::leaf("RequestId", REQUEST)]),
            ],
        );
        root.namespace = Some(NAMESPACE.to_owned());
        Self { status: 200, body: root.write() }
    }

    /// Whether it is no error.
    pub fn is_ok(&self) -> bool {
        self.status < 300
    }

    /// Its XML. Panics if it is an error: who has to look at errors looks at them first.
    pub fn xml(&self) -> Element {
        assert!(self.is_ok(), "{} {}", self.status, self.body);
        Element::parse(&self.body)
    }

    /// The code of an error.
    pub fn code(&self) -> Option<String> {
        if self.is_ok() {
            return None;
        }
        if self.body.starts_with('{') {
            let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
            return body["__type"].as_str().map(str::to_owned);
        }
        if !self.body.starts_with('<') {
            return None;
        }
        Element::parse(&self.body).find("Error").map(|error| error.text("Code"))
    }
}

impl Refusal {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status: 400 }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    /// An error as this service says it.
    pub(crate) fn answer(&self, service: Service) -> Answer {
        let code = Element::leaf("Code", self.code.clone());
        let message = Element::leaf("Message", self.message.clone());
        let body = match service {
            Service::Elbv2 | Service::Sts => {
                let kind = if self.status < 500 { "Sender" } else { "Receiver" };
                let error =
                    Element::node("Error", vec![Element::leaf("Type", kind), code, message]);
                let id = Element::leaf("RequestId", REQUEST);
                let mut root = Element::node("ErrorResponse", vec![error, id]);
                root.namespace = Some(NAMESPACE.to_owned());
                root.write()
            }
            Service::Ec2 => {
                let error = Element::node("Error", vec![code, message]);
                let id = Element::leaf("RequestID", REQUEST);
                Element::node("Response", vec![Element::node("Errors", vec![error]), id]).write()
            }
            Service::Tagging => {
                serde_json::json!({ "__type": self.code, "message": self.message }).to_string()
            }
        };
        Answer { status: self.status, body }
    }
}
