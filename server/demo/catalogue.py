"""What the sample history tells: the agents of a shop, and what people ask of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """Something that people ask; `{order}` and `{name}` stand for an order and a person."""

    title: str
    question: str
    tool: str
    result: str
    answer: str
    failure: str
    remembered: str


@dataclass(frozen=True)
class SampleAgent:
    """An agent with what it is asked, and the agents below that it asks in turn."""

    agent_id: str
    name: str
    description: str
    source: str
    module: str
    steps: tuple[str, ...]
    topics: tuple[Topic, ...]
    helpers: tuple[str, ...] = ()


AGENTS = (
    SampleAgent(
        "support-desk",
        "Support desk",
        "Answers customers and looks after their orders.",
        "chat",
        "ticket",
        ("opened", "identified", "researched", "answered"),
        (
            Topic(
                "Where is my parcel?",
                "Hi, this is {name}. My order {order} should have come on Monday. Where is it?",
                "track_parcel",
                "in transit",
                "Your parcel for order {order} is on its way and will be with you tomorrow.",
                "CarrierTimeout",
                "{name} wants to hear about delays by mail.",
            ),
            Topic(
                "Refund of a broken cup",
                "One of the cups in order {order} came broken. Can I have my money back?",
                "refund_payment",
                "refunded",
                "I am sorry about the cup. The refund is on its way and takes three days.",
                "PaymentDeclined",
                "{name} had a cup replaced; pack fragile things twice.",
            ),
            Topic(
                "Change of address",
                "I moved last week. Can order {order} still go to my new address?",
                "change_address",
                "changed",
                "Done: order {order} goes to your new address.",
                "OrderLocked",
                "{name} moved; the old address is no longer valid.",
            ),
        ),
        ("order-researcher", "refund-clerk"),
    ),
    SampleAgent(
        "order-researcher",
        "Order researcher",
        "Finds out what happened to an order.",
        "agent",
        "search",
        ("planned", "searched", "read", "summed up"),
        (
            Topic(
                "Ask the carrier",
                "Find out what the carrier knows about order {order}.",
                "query_carrier",
                "left the depot",
                "The carrier scanned order {order} at the depot this morning.",
                "CarrierTimeout",
                "The carrier answers slowly on Mondays.",
            ),
            Topic(
                "Read the order's history",
                "Sum up what has been done with order {order} so far.",
                "read_order_history",
                "4 entries",
                "Order {order} was paid, packed, handed over and scanned once.",
                "NotFound",
                "Orders before May are in the archive.",
            ),
        ),
        ("log-reader",),
    ),
    SampleAgent(
        "refund-clerk",
        "Refund clerk",
        "Pays money back within its limits.",
        "agent",
        "refund",
        ("requested", "checked", "approved", "paid"),
        (
            Topic(
                "Check a refund",
                "May we refund order {order} without asking a person?",
                "check_refund_policy",
                "within limit",
                "Yes: order {order} is within the limit for refunds.",
                "PolicyUnclear",
                "Refunds above 200 need a person.",
            ),
        ),
    ),
    SampleAgent(
        "log-reader",
        "Log reader",
        "Reads the warehouse's logs.",
        "agent",
        "scan",
        ("opened", "filtered", "matched"),
        (
            Topic(
                "Search the warehouse's log",
                "Look for order {order} in the log of the warehouse.",
                "search_log",
                "3 lines",
                "Three lines name order {order}; the last is from the loading bay.",
                "LogRotated",
                "The warehouse's log is rotated at midnight.",
            ),
        ),
    ),
    SampleAgent(
        "shop-assistant",
        "Shop assistant",
        "Helps people to find what they want.",
        "web",
        "cart",
        ("empty", "filled", "priced", "ordered"),
        (
            Topic(
                "A present for a tea drinker",
                "I need a present for a friend who drinks tea. About thirty euros?",
                "search_catalogue",
                "7 products",
                "A pot with two cups would do: 29 euros, and it ships today.",
                "IndexUnavailable",
                "{name} buys presents for a tea drinker.",
            ),
            Topic(
                "Same beans again",
                "Can you put the coffee from order {order} into my cart again?",
                "add_to_cart",
                "added",
                "The beans of order {order} are in your cart.",
                "OutOfStock",
                "{name} drinks the dark roast.",
            ),
        ),
        ("order-researcher",),
    ),
)

PEOPLE = ("Ada", "Bola", "Chen", "Dana", "Emre", "Fatima", "Goran", "Hana", "Igor", "Jun", "Kira")
VERSIONS = (("1.0.0", 0.22), ("1.1.0", 0.14), ("2.0.0", 0.07))
"""Version numbers, and how often a tool call fails in each."""
