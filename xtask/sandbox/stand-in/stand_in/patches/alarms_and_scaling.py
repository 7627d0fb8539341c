"""Alarms and Application Auto Scaling as template resources."""

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker.models import sagemaker_backends

PURPOSE = "templates can have alarms, scalable targets and scaling policies"


class Resource:
    """The interface of moto's resource classes. Updates change properties in place, without replacement."""

    def __init__(self, physical_resource_id, properties):
        self.physical_resource_id = physical_resource_id
        self.properties = properties

    @classmethod
    def has_cfn_attr(cls, _attribute):
        return False

    def is_created(self):
        return True

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        return cls.put(resource_name, cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        return cls.put(original_resource.physical_resource_id, properties, account_id, region_name)


class Alarm(Resource):
    @classmethod
    def put(cls, name, properties, account, region):
        name = properties.get("AlarmName", name)
        cloudwatch_backends[account][region].put_metric_alarm(
            name=name,
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=int(properties["EvaluationPeriods"]),
            datapoints_to_alarm=int(properties.get("DatapointsToAlarm", properties["EvaluationPeriods"])),
            period=int(properties["Period"]),
            threshold=float(properties["Threshold"]),
            statistic=properties["Statistic"],
            description=properties.get("AlarmDescription", ""),
            dimensions=properties.get("Dimensions", []),
            alarm_actions=properties.get("AlarmActions", []),
            treat_missing_data=properties.get("TreatMissingData"),
        )
        return cls(name, properties)

    def delete(self, account, region):
        cloudwatch_backends[account][region].alarms.pop(self.physical_resource_id, None)


class ScalableTarget(Resource):
    """Its physical id is the value of a policy's ScalingTargetId: resource, dimension and namespace."""

    @classmethod
    def put(cls, _name, properties, account, region):
        resource, dimension, namespace = (properties[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        _, endpoint, _, variant = resource.split("/")
        found = sagemaker_backends[account][region].endpoints.get(endpoint)
        if found is None or all(known["VariantName"] != variant for known in found.production_variants):
            raise ValidationError(message=f"The SageMaker endpoint variant {resource} could not be found")
        least, most = int(properties["MinCapacity"]), int(properties["MaxCapacity"])
        if least > most:
            raise ValidationError(message=f"The maximum capacity cannot be less than the minimum capacity: {most}, {least}")
        applicationautoscaling_backends[account][region].register_scalable_target(
            namespace, resource, dimension, least, most, properties.get("RoleARN"), None
        )
        return cls(f"{resource}|{dimension}|{namespace}", properties)

    def delete(self, account, region):
        resource, dimension, namespace = self.physical_resource_id.split("|")
        applicationautoscaling_backends[account][region].deregister_scalable_target(namespace, resource, dimension)


class ScalingPolicy(Resource):
    @classmethod
    def put(cls, _name, properties, account, region):
        resource, dimension, namespace = properties["ScalingTargetId"].split("|")
        kind = properties["PolicyType"]
        policy = applicationautoscaling_backends[account][region].put_scaling_policy(
            properties["PolicyName"], namespace, resource, dimension, properties[f"{kind}PolicyConfiguration"], kind
        )
        return cls(policy.policy_arn, properties)

    def delete(self, account, region):
        resource, dimension, namespace = self.properties["ScalingTargetId"].split("|")
        backend = applicationautoscaling_backends[account][region]
        backend.delete_scaling_policy(self.properties["PolicyName"], namespace, resource, dimension)


CLASSES = {
    "AWS::CloudWatch::Alarm": Alarm,
    "AWS::ApplicationAutoScaling::ScalableTarget": ScalableTarget,
    "AWS::ApplicationAutoScaling::ScalingPolicy": ScalingPolicy,
}


def apply():
    class_from_type = parsing.resource_class_from_type
    parsing.resource_class_from_type = lambda resource_type: CLASSES.get(resource_type) or class_from_type(resource_type)
