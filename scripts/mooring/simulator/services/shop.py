"""The shop's service: orders, refunds, help articles, tickets."""

from datetime import date, timedelta
from sqlite3 import Connection, Row
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mooring.simulator.services import seed
from mooring.simulator.services.answers import Clock, Query, Wrong, checked, once, refuse
from mooring.simulator.services.database import Database
from mooring.simulator.services.lookup import best


class RefundBody(Query):
    reason: Literal["changed-mind", "wrong-size", "damaged", "wrong-item", "not-as-described"]


class TicketBody(Query):
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    topic: Literal["order", "delivery", "refund", "product", "account", "other"]
    summary: Annotated[str, Field(min_length=10, max_length=1000)]
    order_id: str | None = None


class HelpQuery(Query):
    q: Annotated[str, Field(min_length=2, max_length=200)]


class Shop:
    """Answers requests from the database; dates are those of the clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def order(self, request: Request) -> Response:
        with self.database.transaction() as connection:
            return JSONResponse(self._order(connection, _find(connection, request)))

    async def refund(self, request: Request) -> Response:
        body = checked(RefundBody, await request.body())
        with self.database.transaction() as connection:
            return once(connection, request, lambda: self._refund(connection, _find(connection, request), body))

    def refunds(self, _: Request) -> Response:
        with self.database.transaction() as connection:
            orders = connection.execute("SELECT * FROM orders WHERE order_id IN (SELECT order_id FROM refunds)")
            rows = [self._order(connection, row) for row in orders.fetchall()]
        return JSONResponse({"refunds": [{"orderId": row["orderId"]} | row["refund"] for row in rows]})

    def help(self, request: Request) -> Response:
        query = checked(HelpQuery, dict(request.query_params))
        texts = [((number, title, text), title, text) for number, title, text in seed.HELP]
        hits = best(query.q, texts)
        return JSONResponse({"articles": [dict(zip(("articleId", "title", "text"), hit, strict=True)) for hit in hits]})

    async def ticket(self, request: Request) -> Response:
        body = checked(TicketBody, await request.body())
        with self.database.transaction() as connection:
            return once(connection, request, lambda: self._ticket(connection, body))

    def _day(self, days_ago: int | None) -> str | None:
        return None if days_ago is None else str(self._today() - timedelta(days=days_ago))

    def _today(self) -> date:
        return self.clock().date()

    def _order(self, connection: Connection, row: Row) -> dict[str, Any]:
        """An order as the service tells it."""
        key = (row["order_id"],)
        items = connection.execute("SELECT * FROM items WHERE order_id = ? ORDER BY sku", key).fetchall()
        paid = connection.execute("SELECT * FROM refunds WHERE order_id = ?", key).fetchone()
        total = sum(item["cents"] * item["quantity"] for item in items) / 100
        late = row["promised"] if row["status"] in ("processing", "shipped") else 0
        return {
            "orderId": row["order_id"],
            "status": "refunded" if paid else row["status"],
            "placedOn": self._day(row["placed"]),
            "expectedOn": self._day(row["promised"]),
            "deliveredOn": self._day(row["delivered"]),
            "daysSinceDelivery": row["delivered"],
            "daysLate": max(late, 0),
            "items": [{"sku": item["sku"], "name": item["name"], "quantity": item["quantity"]} for item in items],
            "total": total,
            "currency": "EUR",
            "refund": paid and self._paid(paid, total),
        }

    def _paid(self, row: Row, total: float) -> dict[str, Any]:
        day = row["refunded_on"] or self._day(row["days_ago"])
        return {"refundId": _refund_number(row["order_id"]), "amount": total, "refundedOn": day}

    def _refund(self, connection: Connection, row: Row, body: RefundBody) -> dict[str, Any]:
        order = self._order(connection, row)
        if order["status"] == "refunded":
            raise Wrong(409, "already-refunded", f"Order {row['order_id']} has been refunded already.")
        if order["status"] != "delivered":
            message = f"Order {row['order_id']} is {row['status']}; only delivered orders can be refunded."
            raise Wrong(409, "not-delivered", message)
        if row["order_id"] in seed.ACCOUNT_CLOSED:
            raise Wrong(409, "account-closed", "The means of payment takes no money back.")
        today = str(self._today())
        connection.execute("INSERT INTO refunds VALUES (?, ?, ?, NULL)", (row["order_id"], body.reason, today))
        return {
            "refundId": _refund_number(row["order_id"]),
            "orderId": row["order_id"],
            "amount": order["total"],
            "currency": order["currency"],
            "refundedOn": today,
            "reason": body.reason,
        }

    def _ticket(self, connection: Connection, body: TicketBody) -> dict[str, Any]:
        answer_by = str(self._today() + timedelta(days=1))
        row = (body.email, body.topic, body.summary, body.order_id, answer_by)
        number = connection.execute("INSERT INTO tickets VALUES (NULL, ?, ?, ?, ?, ?)", row).lastrowid
        return {"ticketId": f"T-{2000 + (number or 0)}", "topic": body.topic, "status": "open", "answerBy": answer_by}


def _find(connection: Connection, request: Request) -> Row:
    order_id = request.path_params["order_id"]
    row: Row | None = connection.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise Wrong(404, "order-not-found", f"There is no order {order_id}.")
    return row


def _refund_number(order_id: str) -> str:
    return order_id.replace("A-", "R-")


def create_shop(database: Database, clock: Clock) -> Starlette:
    """The service, to be mounted."""
    shop = Shop(database, clock)
    routes = [
        Route("/orders/{order_id}", shop.order),
        Route("/orders/{order_id}/refunds", shop.refund, methods=["POST"]),
        Route("/refunds", shop.refunds),
        Route("/help", shop.help),
        Route("/tickets", shop.ticket, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Wrong: refuse})
