"""What holds data is kept, closed, and written with care."""

from portfolio_twin.adapters.s3.keys import RUNS
from tests.infrastructure.resources import Resources, statements

KINDS = ("S3::Bucket", "S3::BucketPolicy", "SQS::Queue", "KMS::Key", "DynamoDB::Table", "RDS::DBInstance")
STORES = tuple(f"AWS::{kind}" for kind in KINDS)


def test_everything_that_holds_data_outlives_its_stack_but_not_a_create_that_failed(resources: Resources) -> None:
    held = {name: resource for name, resource in resources.items() if resource["Type"] in STORES}
    assert held
    for name, resource in held.items():
        # A bucket that a failed create left behind has the name that the next create needs.
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_the_bucket_is_closed_encrypted_versioned_and_heard(resources: Resources) -> None:
    bucket = resources["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_only_what_was_replaced_or_torn_is_ever_deleted_and_old_lists_and_files_put(resources: Resources) -> None:
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = [rule for rule in rules if "ExpirationInDays" in rule]
    assert [rule["Prefix"] for rule in expiring] == [RUNS, "imports/"]
    rules = [rule for rule in rules if rule not in expiring]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    does = {name for rule in rules for name in rule} - {"Id", "Status"}
    assert does == {"NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}


def test_pointers_and_bundles_are_only_written_conditionally(resources: Resources) -> None:
    denied = {statement["Sid"]: statement for statement in statements(resources["BucketPolicy"])}
    assert denied["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["BundlesAreWrittenOnce"]["Condition"]["Null"] == {"s3:if-none-match": "true"}
    neither = {"s3:if-none-match": "true", "s3:if-match": "true"}
    assert denied["PointersMoveConditionally"]["Condition"]["Null"] == neither
    assert {"Fn::Sub": "${Bucket.Arn}/*/live.json"} in denied["PointersMoveConditionally"]["Resource"]
