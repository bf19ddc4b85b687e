"""Make the businesses that are called: `python -m bench.seed NUMBER…`, in a process that has the database."""

import sys

import django


def seed(numbers: list[str]) -> None:
    """One business for each number, open around the clock, with one owner's phone and screening on."""
    from tenants.models import OwnerNumber, PhoneNumber, Tenant

    for index, number in enumerate(numbers):
        tenant = Tenant.objects.create(name=f"Business {index}")
        PhoneNumber.objects.create(tenant=tenant, number=number)
        OwnerNumber.objects.create(tenant=tenant, number=f"+1555200{index:04d}")


if __name__ == "__main__":
    django.setup()
    seed(sys.argv[1:])
