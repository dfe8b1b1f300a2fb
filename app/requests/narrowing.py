"""What is left of a request when the principal is limited to some studies, as a share link is.

A guard sees to requests whose path names a study; these are for those that name none.
"""

from dataclasses import replace

from starlette.requests import Request

from app.access.routes import principal_of
from app.dicom.query_parameters import SearchRequest
from app.services.store import StorePolicy
from storage.query import Equals, Term
from storage.records import DuplicatePolicy


def narrow_search(request: Request, asked: SearchRequest) -> SearchRequest:
    """A search that finds, and counts, nothing but what the principal may see."""
    studies = principal_of(request).studies
    if studies is None:
        return asked
    term = Term("StudyInstanceUID", Equals(tuple(sorted(studies))))
    # How many studies a patient has in all is not for this principal to know.
    query = replace(asked.query, terms=(*asked.query.terms, term), patient_counts=False)
    return replace(asked, query=query)


def narrow_policy(request: Request, policy: StorePolicy) -> StorePolicy:
    """A store into nothing but the principal's studies.

    Nothing is replaced either: an instance with the same SOPInstanceUID may be one of another study.
    """
    studies = principal_of(request).studies
    return policy if studies is None else replace(policy, studies=studies, duplicates=DuplicatePolicy.REJECT)
