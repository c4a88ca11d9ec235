"""What the sample history tells: the agents of a shop, and what is asked of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """Something that people ask; `{order}`, `{name}`, `{product}`, `{amount}` and `{minutes}` vary.

    `failure` is the type and the message of the error that the tool gives now and then.
    """

    title: str
    question: str
    tool: str
    result: str
    answer: str
    failure: tuple[str, str]
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
                ("CarrierTimeout", "The carrier gave no answer within 8 seconds."),
                "{name} wants to hear about delays by mail.",
            ),
            Topic(
                "Refund of something broken",
                "The {product} in order {order} came broken. Can I have my {amount} euros back?",
                "refund_payment",
                "refunded",
                "I am sorry about the {product}. The {amount} euros will reach you in three days.",
                ("PaymentDeclined", "The bank refused to pay {amount} euros back: card expired."),
                "{name} got a broken {product}; pack fragile things twice.",
            ),
            Topic(
                "Change of address",
                "I moved last week. Can order {order} still go to my new address?",
                "change_address",
                "changed",
                "Done: order {order} goes to your new address.",
                ("OrderLocked", "Order {order} is being packed and can no longer be changed."),
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
                ("CarrierTimeout", "tracking.example.com: connection timed out."),
                "The carrier answers slowly on Mondays.",
            ),
            Topic(
                "Read the order's history",
                "Sum up what has been done with order {order} so far.",
                "read_order_history",
                "4 entries",
                "Order {order} was paid, packed, handed over and scanned once.",
                ("NotFound", "No history of order {order}."),
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
                "Yes: {amount} euros for order {order} are within the limit for refunds.",
                ("PolicyUnclear", "No rule covers {amount} euros for {product}."),
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
                ("LogRotated", "The log before midnight is in the archive."),
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
                "I need a present for a friend who drinks tea. About {amount} euros?",
                "search_catalogue",
                "7 products",
                "The {product} would do: {amount} euros, and it ships today.",
                ("IndexUnavailable", "The index of products is being rebuilt."),
                "{name} buys presents for a tea drinker.",
            ),
            Topic(
                "Same beans again",
                "Can you put the coffee from order {order} into my cart again?",
                "add_to_cart",
                "added",
                "The beans of order {order} are in your cart.",
                ("OutOfStock", "0 of {product} left, 1 wanted."),
                "{name} drinks the dark roast.",
            ),
        ),
        ("order-researcher",),
    ),
    SampleAgent(
        "shop-engineer",
        "Shop engineer",
        "Keeps the shop's software running, and mends it.",
        "pager",
        "checklist",
        ("reported", "reproduced", "mended", "verified"),
        (
            Topic(
                "The checkout is slow",
                "Checkout has taken over 4 seconds for the last {minutes} minutes. What is it?",
                "query_latency",
                "p95 4.3 s",
                "A missing index on the payments table. I have added it; p95 is 0.6 s again.",
                ("QueryTimeout", "The metrics store gave up after 30 seconds."),
                "Look at the payments table first when the checkout is slow.",
            ),
            Topic(
                "A test of the prices fails",
                "test_price_of_{product_name} fails on main since this morning. Please mend it.",
                "run_tests",
                "214 passed",
                "Prices were rounded before the tax. Rounding comes last now; 214 tests pass.",
                ("TestsFailed", "1 failed, 213 passed: expected {amount}.00, got {amount}.01."),
                "Prices are rounded once, after the tax.",
            ),
            Topic(
                "Disk of the image store is full",
                "The disk of the image store is 96 % full. It has {minutes} minutes left or so.",
                "remove_old_images",
                "41 GB freed",
                "Thumbnails older than a year are gone: 41 GB, the disk is 58 % full.",
                ("PermissionDenied", "The folder /images/archive belongs to another user."),
                "Thumbnails fill the image store in about a year.",
            ),
        ),
        ("log-reader",),
    ),
)

PEOPLE = ("Ada", "Bola", "Chen", "Dana", "Emre", "Fatima", "Goran", "Hana", "Igor", "Jun", "Kira")
PRODUCTS = ("blue teapot", "oak tray", "glass cup", "wool throw", "brass lamp", "linen apron")
CLOSINGS = (
    ("Thank you, that is what I needed.", "You are welcome, {name}."),
    ("Great. How long does it take as a rule?", "Two or three working days, {name}."),
    ("Can you send me that in writing?", "Done: it is in your inbox, with {order} as its subject."),
    ("Hm, all right.", "I am here if anything else comes up."),
)


@dataclass(frozen=True)
class SampleVersion:
    """A version that every agent has: its model, prices in US dollars per million tokens."""

    number: str
    failure_rate: float
    model: str
    input_price: int
    output_price: int
    change: str


VERSIONS = (
    SampleVersion("1.0.0", 0.24, "example-small-1", 1, 4, "first release"),
    SampleVersion("1.1.0", 0.15, "example-large-1", 3, 15, "a larger model"),
    SampleVersion("2.0.0", 0.06, "example-large-2", 3, 12, "timeouts are tried again"),
)
"""Oldest first; `failure_rate` is how often a tool call fails."""
